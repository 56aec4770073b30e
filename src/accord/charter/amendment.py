"""Versions of a charter held against each other: what changed, whether one follows another, and who signed two that cannot both follow.

Version n+1 names version n by its digest and is signed by the members whose root keys version n pins. Until the charter's own rules of decision are
judged here (consensus, consensus minus the state concerned), every one of them has to sign: the strictest reading, which no rule can widen.
A member signs at most one successor of a version; two are proof of equivocation, which anybody can check.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from accord.charter.document import CONTEXT, SignedCharter
from accord.errors import AccordError, CharterInvalid, SignatureInvalid
from accord.seal.canonical import JSON
from accord.seal.signature import verify_fields

DIFFERENCES_MAX = 10_000  # Differences told. A charter that differs in more is another charter.

_NAMED = ("id", "member", "kind", "role")  # What tells entries of a list apart; the first that an entry has.


@dataclass(frozen=True, slots=True)
class Difference:
    """One place in which two versions differ; None where one of them has nothing there."""

    path: str
    was: JSON
    becomes: JSON


def differences(old: SignedCharter, new: SignedCharter) -> list[Difference]:
    """Where the second version differs from the first, in the order of the document. Entries of lists are matched by their identifier."""
    found: list[Difference] = []
    for difference in _between("", old.charter.fields, new.charter.fields):
        if len(found) == DIFFERENCES_MAX:
            break
        found.append(difference)
    return found


def _between(path: str, old: JSON, new: JSON) -> Iterator[Difference]:
    if old == new:
        return
    match old, new:
        case dict(), dict():
            before, after = old, new
        case list(), list() if _is_named(old) and _is_named(new):
            before, after = _by_name(old), _by_name(new)
        case _:
            yield Difference(path, old, new)
            return
    for name in dict.fromkeys((*before, *after)):
        where = f"{path}.{name}" if path and isinstance(old, dict) else f"{path}[{name}]" if path else name
        yield from _between(where, before.get(name), after.get(name))


def _is_named(entries: list[JSON]) -> bool:
    names = [_name(entry) for entry in entries]
    return all(names) and len(set(names)) == len(names)


def _by_name(entries: list[JSON]) -> dict[str, JSON]:
    return {_name(entry): entry for entry in entries}


def _name(entry: JSON) -> str:
    if isinstance(entry, dict):
        for key in _NAMED:
            if isinstance(name := entry.get(key), str):
                return name
    return ""


def check_successor(old: SignedCharter, new: SignedCharter) -> None:
    """Hold a version to the one it claims to follow. `CharterInvalid` names the rule that refuses it, or who has not signed."""
    before, after = old.charter, new.charter
    if after.id != before.id:
        raise CharterInvalid(f"{after.id} is another charter than {before.id}")
    if after.version <= before.version:
        raise CharterInvalid(f"version {after.version} does not follow version {before.version}: a charter never goes back")
    if after.version != before.version + 1:
        raise CharterInvalid(f"version {after.version} does not follow version {before.version}", remedy="get the versions in between")
    if after.previous != before.digest:
        raise CharterInvalid(
            f"version {after.version} follows another version {before.version} than this one: the charter was forked",
            remedy="find out from a member you trust which one was adopted",
        )
    missing = [member.id for member in before.members if member.root is not None and member.id not in signers(old, new)]
    if missing:
        raise CharterInvalid(f"version {after.version} is not signed by {', '.join(missing)}", remedy="ask them to sign")


def signers(old: SignedCharter, new: SignedCharter) -> tuple[str, ...]:
    """The members whose root key, as the first version pins it, signed the second. A signature that does not hold is no signature."""
    return tuple(item.member for item in new.signatures if _holds(old, new, item.member))


def equivocators(old: SignedCharter, one: SignedCharter, other: SignedCharter) -> tuple[str, ...]:
    """The members that signed two different successors of one version. Both files together are the proof."""
    if one.charter.digest == other.charter.digest:
        return ()
    for successor in (one, other):
        if successor.charter.previous != old.charter.digest:
            raise CharterInvalid(f"version {successor.charter.version} does not follow this version {old.charter.version}")
    return tuple(sorted(set(signers(old, one)) & set(signers(old, other))))


def _holds(old: SignedCharter, new: SignedCharter, name: str) -> bool:
    root = next((member.root for member in old.charter.members if member.id == name), None)
    signature = next(item.signature for item in new.signatures if item.member == name)
    if root is None:
        return False
    try:
        verify_fields({**new.charter.fields, "signatures": [signature.fields()]}, context=CONTEXT, keys=[root])
    except (SignatureInvalid, AccordError):
        return False
    return True
