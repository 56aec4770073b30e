"""Reading: may this person use this record of the holdings for that purpose? Every ground that stands in the way.

INF-03: "Block use for another purpose unless a written consent of the originator […] is attached." S-01: "Purpose is mandatory, specific and
machine-checked on every read, not only at entry." Duties:
  1. only a member's own people read its holdings, and of them those whose role may read, up to the level that each is cleared for;
  2. a purpose is stated;
  3. what another member gave is used for the purpose for which it was given: the same word of the charter's list, or the very same sentence;
  4. what is the member's own, or an outside source's, is used for any purpose of the list; a charter without a list leaves that to the sentence.
Consent to another use is not built, so a use under another word is always withheld.
A tool of the member states no purpose: what it may read is its right and its clearance (`desk.clients`). What a person then does with it is not
seen here; a purpose for each tool would cure that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from accord.charter.purposes import purpose_word
from accord.release.decision import Ground
from accord.stix.marking import Tlp


@dataclass(frozen=True, slots=True)
class Reader:
    """Who wants to read, and what for."""

    member: str
    may_read: bool  # The charter lets the reader's role read.
    purpose: str | None  # The sentence; empty where nothing was said, None for a tool.
    clearance: Tlp  # The highest level that the reader may see.


@dataclass(frozen=True, slots=True)
class Reading:
    """One reader and one record of the holdings. `given_for` holds the sentences of those who gave it; empty for what nobody gave."""

    reader: Reader
    holder: str
    purposes: tuple[str, ...]  # The words of the charter's list.
    level: Tlp = Tlp.CLEAR
    given_for: frozenset[str] = frozenset()
    article: str = ""  # Under which it came; empty for the holder's own and imported ones.


@dataclass(frozen=True, slots=True)
class Objection:
    """A ground against a reading, and what would remove it."""

    ground: Ground
    remedy: str


def objections(reading: Reading) -> Iterator[Objection]:
    """Every ground against a reading, in the order of the duties; none where it may be read."""
    reader, listed = reading.reader, ", ".join(reading.purposes)
    if reader.member != reading.holder:  # 1
        yield Objection(Ground("HOLDINGS", "only a member's own people read its holdings"), "ask the member for its release")
    if not reader.may_read:
        yield Objection(Ground("S-01/role", "the charter does not let this role read"), "ask an officer whose role may read")
    if reading.level.rank > reader.clearance.rank:
        yield Objection(Ground("TLP", "it is marked above the reader's clearance"), "ask an officer who is cleared for it")
    if reader.purpose is None:
        return
    if not reader.purpose.strip():  # 2
        remedy = f"say what it is read for, beginning with one of {listed}" if listed else "say what it is read for"
        yield Objection(Ground("S-01/purpose", "no purpose is stated"), remedy)
    elif reading.given_for:  # 3
        if not any(is_same_purpose(reader.purpose, given, reading.purposes) for given in reading.given_for):
            yield Objection(
                Ground("INF-03", "it was given for another purpose than the one stated"), "ask the giver's written consent to the other use"
            )
    elif reading.purposes and not purpose_word(reader.purpose, reading.purposes):  # 4
        yield Objection(
            Ground("S-01/listed", "the purpose is none of the charter's list"), f"begin the sentence with the word that fits: {listed}"
        )


def is_same_purpose(stated: str, given: str, purposes: tuple[str, ...]) -> bool:
    """Say whether two sentences are one purpose: both begin with the same word of the list, or they are the same sentence."""
    word = purpose_word(stated, purposes)
    return " ".join(stated.split()) == " ".join(given.split()) or (word != "" and word == purpose_word(given, purposes))
