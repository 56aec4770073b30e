"""Rules between the properties of one object: one of these, both or neither, not before, not both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from accord.seal.canonical import JSON
from accord.stix.standard.fault import FINE, Faults, Rule, fault
from accord.stix.times import instant, is_timestamp


def not_before(later: str, earlier: str, clause: str) -> Rule:
    """Where both are there, `later` is the same instant or after `earlier`."""
    return _ordered(later, earlier, clause, may_be_equal=True)


def after(later: str, earlier: str, clause: str) -> Rule:
    """Where both are there, `later` is after `earlier`."""
    return _ordered(later, earlier, clause, may_be_equal=False)


def _ordered(later: str, earlier: str, clause: str, *, may_be_equal: bool) -> Rule:
    says = f"must {'not be before' if may_be_equal else 'be after'} {earlier}"

    def rule(fields: Mapping[str, JSON]) -> Faults:
        end, start = fields.get(later), fields.get(earlier)
        if not isinstance(end, str) or not isinstance(start, str):
            return FINE
        # Texts of one length sort as their instants do; a text that is no timestamp is told by its own check.
        if len(end) == len(start) and (end > start or (may_be_equal and end == start)):
            return FINE
        if not is_timestamp(end) or not is_timestamp(start):
            return FINE
        first, last = instant(start), instant(end)
        return FINE if last > first or (may_be_equal and last == first) else fault(clause, says, path=later)

    return rule


def any_of(names: Iterable[str], clause: str) -> Rule:
    """At least one of these properties is there."""
    wanted = frozenset(names)
    says = f"must have at least one of {', '.join(sorted(wanted))}"

    def rule(fields: Mapping[str, JSON]) -> Faults:
        return fault(clause, says) if wanted.isdisjoint(fields) else FINE

    return rule


def exactly_one_of(first: str, second: str, clause: str) -> Rule:
    """One of two properties is there, and only one."""

    def rule(fields: Mapping[str, JSON]) -> Faults:
        return fault(clause, f"must have either {first} or {second}") if (first in fields) is (second in fields) else FINE

    return rule


def with_property(name: str, needed: str, clause: str) -> Rule:
    """Where the first is there, the second is too."""

    def rule(fields: Mapping[str, JSON]) -> Faults:
        return fault(clause, f"may only stand together with {needed}", path=name) if name in fields and needed not in fields else FINE

    return rule


def without_property(excluded: str, *, where: str, value: bool, clause: str) -> Rule:
    """A property is not there where another has this value."""

    def rule(fields: Mapping[str, JSON]) -> Faults:
        if fields.get(where) is not value or excluded not in fields:
            return FINE
        return fault(clause, f"must not stand where {where} is {str(value).lower()}", path=excluded)

    return rule


def version_4_unless(names: Iterable[str], clause: str) -> Rule:
    """STIX 2.1, 3.4: an object with none of the properties that could make its identifier has a random one (UUIDv4)."""
    contributing = frozenset(names)

    def rule(fields: Mapping[str, JSON]) -> Faults:
        identifier = fields.get("id")
        if not contributing.isdisjoint(fields) or not isinstance(identifier, str) or len(identifier) < 36:
            return FINE
        return FINE if identifier[-22] == "4" else fault(clause, "must end with a random UUID, version 4", path="id")

    return rule
