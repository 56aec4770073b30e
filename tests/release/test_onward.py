"""What stands behind a statement hangs together, or the first thing that does not is named."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from accord.errors import LimitReached, Malformed
from accord.release.onward import fault_behind
from accord.seal.canonical import Digest
from accord.stix.consent import Consent, Use, purpose_digest
from accord.stix.marking import Classification, Grade, Handling, Tlp
from accord.stix.statement import UPSTREAM_DEPTH_MAX, Originator, Statement, Terms
from accord.stix.upstream import links

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SEALED = bytes(32)
FIRST = Statement(
    id="accord-release--00000001-0d43-4d0a-9f5c-3d6f0a6f2b11",
    made_at=NOW,
    charter=Digest(bytes(32)),
    releaser="AA",
    originator=Originator("AA", is_member=True),
    terms=Terms(("BB",), "T1/1", "prevention of an attack", Handling(Tlp.AMBER), Grade.parse("B2"), date(2027, 5, 22)),
    commitments=(SEALED, bytes([1]) * 32),
)

MARKED = replace(FIRST, terms=replace(FIRST.terms, handling=Handling(Tlp.AMBER, (), Classification("AA", "secret"))))


def _consent(holder: str, user: str, **changes: Any) -> Consent:
    consent = Consent(
        id="accord-consent--2f0d9c1e-5a53-4b0e-8a51-6d0b1f3c7e10",
        made_at=NOW,
        by="AA",
        holder=holder,
        users=(user,),
        use=Use.PASSING_ON,
        statement=FIRST.id,
        basis="T1/1",
        purpose=purpose_digest("prevention of an attack"),
        commitments=(SEALED,),
    )
    return replace(consent, **changes)


def _passed(given: Statement, to: str, *, consent: Consent | None = None, **changes: Any) -> Statement:
    """The first recipient of a statement passes its first record on."""
    holder = given.terms.recipients[0]
    statement = replace(
        given,
        id=f"accord-release--{ord(to[0]):08x}-0d43-4d0a-9f5c-3d6f0a6f2b11",
        releaser=holder,
        terms=replace(given.terms, recipients=(to,)),
        commitments=(SEALED,),
        upstream={"statement": given.fields(), "consent": (consent or _consent(holder, to)).fields()},
    )
    return replace(statement, **changes)


def test_one_hop_and_three_hang_together() -> None:
    second = _passed(FIRST, "CC")
    third = _passed(second, "DD")
    assert ("", "", "") == tuple(map(fault_behind, (FIRST, second, third)))
    assert ["BB", "AA"] == [link.statement.releaser for link in links(third)]


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (_passed(FIRST, "CC", releaser="DD"), "does not name DD"),
        (_passed(FIRST, "CC", commitments=(SEALED, bytes([2]) * 32)), "does not give all"),
        (_passed(FIRST, "CC", commitments=FIRST.commitments), "does not name all"),
        (_passed(FIRST, "CC", consent=_consent("DD", "CC")), "is not the consent of AA to BB"),
        (_passed(FIRST, "CC", consent=_consent("BB", "CC", by="BB")), "is not the consent of AA to BB"),
        (_passed(FIRST, "CC", consent=_consent("BB", "CC", statement=f"{FIRST.id[:-1]}2")), "is not the consent of AA to BB"),
        (_passed(FIRST, "CC", originator=Originator("BB", is_member=True)), "another originator or classification"),
        (_passed(FIRST, "CC", as_received=True), "another originator or classification"),
        (_passed(MARKED, "CC"), ""),
        (_passed(MARKED, "CC", terms=replace(FIRST.terms, recipients=("CC",))), "another originator or classification"),
        (_passed(_passed(FIRST, "CC"), "DD", consent=_consent("CC", "DD", by="BB")), "is not the consent of AA to CC"),
    ],
)
def test_what_does_not_hang_together_is_named(broken: Statement, says: str) -> None:
    fault = fault_behind(broken)
    assert fault.startswith("upstream: ") if says else not fault
    assert says in fault


def test_a_statement_that_passes_on_is_read_back_as_it_was_printed() -> None:
    statement = _passed(_passed(FIRST, "CC"), "DD")
    assert statement == Statement.parse(statement.fields())


def test_one_statement_behind_too_many_is_refused_by_its_limit() -> None:
    statement = FIRST
    for number in range(UPSTREAM_DEPTH_MAX):
        statement = _passed(statement, chr(ord("C") + number) * 2)
    assert statement == Statement.parse(statement.fields())
    with pytest.raises(LimitReached, match="UPSTREAM_DEPTH_MAX"):
        Statement.parse(_passed(statement, "ZZ").fields())


def test_an_upstream_of_another_form_is_refused() -> None:
    fields = _passed(FIRST, "CC").fields()
    with pytest.raises(Malformed, match="exactly statement and consent"):
        Statement.parse({**fields, "upstream": {"statement": FIRST.fields()}})
