"""What can go wrong, and who has to act.

One tree, branched by the person whose turn it is: `Refusal` (the officer), `PeerFault` (the other node), `Unready` (the operator).
A mistake of ours is an assertion or a `TypeError` and ends the act. Errors know nothing of HTTP or exit codes; the doors translate.
A message says what was expected and what came; `remedy` says what to do next. Neither ever holds a secret or the content of a record.
"""

from __future__ import annotations


def counted(number: int, one: str, many: str = "") -> str:
    """How a message says a number of things: `1 record`, `2 records`. `many` where it is not `one` with an s."""
    return f"{number} {one if number == 1 else many or one + 's'}"


class AccordError(Exception):
    """The root of the tree; never raised itself."""

    def __init__(self, says: str, *, remedy: str = "") -> None:
        says = says.replace("\0", "\\0")  # It may quote what came, and is kept as text: no text that is kept holds this character.
        super().__init__(says)
        self.says = says
        self.remedy = remedy


class Refusal(AccordError):
    """The officer, or whoever handed this in, has to act: the input or the act is not acceptable."""


class Malformed(Refusal):
    """The bytes are not what they claim to be: not JSON, not UTF-8, a key twice, a note without its blank line."""


class LimitReached(Refusal):
    """A named limit was passed. `limit` is the constant's name, as in the manual."""

    def __init__(self, limit: str, says: str, *, remedy: str = "") -> None:
        super().__init__(f"{says} (limit {limit})", remedy=remedy)
        self.limit = limit


class StandardBroken(Refusal):
    """An officer's own publication breaks STIX 2.1; `faults` lists path and clause of each."""

    def __init__(self, says: str, *, faults: tuple[str, ...], remedy: str = "") -> None:
        super().__init__(says, remedy=remedy)
        self.faults = faults


class NotFound(Refusal):
    """There is no such thing, or it is not for the one who asks: one answer at the door, two in the journal."""


class CharterInvalid(Refusal):
    """A charter document does not hold together; the message names the path of the entry and the rule."""


class PeerFault(AccordError):
    """The other node has to act: what it sent is not what it promised. `duty` names the duty that failed."""

    def __init__(self, duty: str, says: str, *, remedy: str = "") -> None:
        super().__init__(f"{duty}: {says}", remedy=remedy)
        self.duty = duty


class IntegrityFailure(PeerFault):
    """A signature, root, commitment or growth does not hold. The channel stops and what was there stays."""


class PeerSilent(PeerFault):
    """The other node does not answer, or not in time."""


class SignatureInvalid(AccordError):
    """A signature does not hold under the key it names. Raised, never returned, so that it cannot be ignored."""


class KeyUnknown(AccordError):
    """No key of that role and name is valid at that time."""


class ProofInvalid(AccordError):
    """An inclusion or consistency proof does not hold."""


class Unready(AccordError):
    """The operator has to act: a setting, a key, a disk or a database is not as it must be."""
