"""The charter document: TOML, canonical form, founding and signatures."""

from __future__ import annotations

import copy
import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.charter.document import Charter, Defaults, Protocol, SignedCharter, found, read_toml
from accord.charter.instruments import Basis
from accord.errors import CharterInvalid, LimitReached, Malformed, NotFound, Refusal, SignatureInvalid
from accord.seal.canonical import canonical, digest_of
from accord.seal.keys import PublicKey
from tests.charter.charters import documents, fields, instrument, member, party, places, root_of, signed, three, toml_of

FREE_KEYS = ("sources",)


@settings(max_examples=100, deadline=None)
@given(documents())
def test_what_is_written_as_toml_is_read_the_same_when_signed(document: dict[str, Any]) -> None:
    charter = read_toml(toml_of(document))
    assert Charter.of_fields(document) == charter
    assert document == charter.fields
    after = signed(charter, *(item.id for item in charter.members))
    again = SignedCharter.read(after.to_bytes())
    assert after == again
    assert after.to_bytes() == again.to_bytes()
    again.check_founding()


def test_two_spellings_of_one_content_have_one_digest() -> None:
    document = three().fields
    turned = "# another hand\n\n" + toml_of(dict(reversed(document.items()))) + "\n"
    assert three().digest == read_toml(turned).digest == digest_of(canonical(document))


def test_another_content_has_another_digest() -> None:
    changed = three().fields
    changed["names"] = {"en": "Another alliance"}
    assert three().digest != Charter.of_fields(changed).digest


def test_fields_are_a_copy_that_cannot_change_the_charter() -> None:
    charter = three()
    charter.fields["version"] = 7
    assert 0 == charter.version == charter.fields["version"]


def test_the_clause_of_the_protocol_and_the_defaults_are_as_written() -> None:
    defaults = {"tlp": "amber", "grade": "X4", "review_days": 365}
    charter = Charter.of_fields(fields([member("AA")], [], defaults=defaults))
    assert Protocol(Basis("CHARTER", "protocol"), {"en": "Receipts pass."}) == charter.protocol
    assert Defaults("amber", "X4", 365) == charter.defaults
    assert Defaults() == three().defaults


PREVENTION = {"id": "prevention", "says": {"en": "To prevent."}, "mark": "V", "source": "INV"}


def _tables(document: dict[str, Any]) -> list[str]:
    return [path for path, _ in places(document) if path not in FREE_KEYS]


RICH = fields(
    [member("AA"), member("BB")],
    [
        instrument(
            "T1",
            party("AA"),
            party("BB"),
            reservations=[{"member": "AA", "excludes": ["1"], "says": {"en": "No."}, "mark": "V", "source": "INV"}],
        )
    ],
    partners=[
        {
            "id": "PP",
            "names": {"en": "Partner land"},
            "statuses": [{"kind": "partner", "since": "2000-01-01", "mark": "P", "source": "INV"}],
        }
    ],
    bodies=[
        {
            "id": "council",
            "names": {"en": "Council"},
            "basis": "T1/1",
            "seats": [{"city": "Somewhere", "since": "2001-01-01", "mark": "P", "source": "INV"}],
        }
    ],
    defaults={"tlp": "amber"},
    purposes=[PREVENTION],
)


@pytest.mark.parametrize("path", _tables(RICH))
def test_an_unknown_key_is_refused_with_its_path(path: str) -> None:
    document = copy.deepcopy(RICH)
    table = next(table for place, table in places(document) if place == path)
    table["x-naem"] = "misspelt"
    with pytest.raises(CharterInvalid) as refusal:
        read_toml(toml_of(document))
    assert (f"{path}.x-naem" if path else "x-naem") in refusal.value.says


MAY_BE_ABSENT = {"partners", "bodies", "defaults", "purposes", "reservations", "seats"}
SAID_OF_THE_TABLE = {"en", "officer", "tlp", "INV", "instruments", "parties", "articles"}  # Refused too, with the path of what misses them.
REQUIRED = [(path, name) for path, table in places(RICH) for name in table if name not in MAY_BE_ABSENT | SAID_OF_THE_TABLE]


@pytest.mark.parametrize(("path", "name"), REQUIRED)
def test_a_missing_key_is_refused_with_its_path(path: str, name: str) -> None:
    document = copy.deepcopy(RICH)
    del next(table for place, table in places(document) if place == path)[name]
    with pytest.raises(CharterInvalid) as refusal:
        Charter.of_fields(document)
    assert (f"{path}.{name}" if path else name) in refusal.value.says


@pytest.mark.parametrize(("path", "name"), [(path, name) for path, table in places(RICH) for name in table if name in SAID_OF_THE_TABLE])
def test_what_others_rest_on_cannot_be_left_out(path: str, name: str) -> None:
    document = copy.deepcopy(RICH)
    del next(table for place, table in places(document) if place == path)[name]
    with pytest.raises(CharterInvalid):
        Charter.of_fields(document)


@pytest.mark.parametrize("name", ["partners", "bodies", "defaults", "purposes"])
def test_what_may_be_absent_may_be_absent(name: str) -> None:
    document = {key: value for key, value in RICH.items() if key != name}
    assert document == Charter.of_fields(document).fields


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5) | st.just(""),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@settings(max_examples=300, deadline=None)
@given(choice=st.data(), value=VALUES)
def test_any_value_in_any_place_is_read_or_refused_by_name(choice: st.DataObject, value: Any) -> None:
    document = copy.deepcopy(RICH)
    path, name = choice.draw(st.sampled_from([(path, name) for path, table in places(document) for name in table]))
    next(table for place, table in places(document) if place == path)[name] = value
    try:
        charter = Charter.of_fields(document)
    except (CharterInvalid, Malformed):
        return
    assert document == charter.fields


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"format": 2}, "format: this reader knows format 1"),
        ({"id": "sco example"}, "id: expected lower-case words"),
        ({"id": "sco+x"}, "id: expected lower-case words"),
        ({"version": 1}, "version: 0 is a template"),
        ({"version": 2}, "version: 0 is a template"),
        ({"previous": "sha256:" + "0" * 64}, "version: 0 is a template"),
        ({"previous": "sha256:00"}, "previous: a digest"),
        ({"members": []}, "members: an empty list"),
        ({"members": [member("AA"), member("aa")]}, "members: aa stands twice"),
        ({"members": [member("journal")]}, "members[0].id: no member is named"),
        ({"members": [member("A/B")]}, "members[0].id: an identifier has"),
        ({"members": [member("AA", root="ed25519:zz")]}, "members[0].root: a public key is not in standard base64"),
        ({"members": [member("AA", time_zone="half past")]}, "members[0].time_zone: expected a zone"),
        ({"members": [member("AA", names={"ru": "А"})]}, "members[0].names: expected the text in English"),
        ({"members": [member("AA", names={"en": "A", "russian": "А"})]}, "members[0].names.russian: expected the name of a language"),
        ({"roles": {}}, "roles: no role may do anything"),
        ({"roles": {"officer": ["dance"]}}, "roles.officer: expected one of publish"),
        ({"roles": {"officer": ["read", "publish"]}}, "roles.officer: expected one or more, each once, in the order"),
        ({"protocol": {"basis": "T1/x", "says": {"en": "S"}}}, "protocol.basis: the clause is this charter's own"),
        ({"protocol": {"basis": "CHARTER", "says": {"en": "S"}}}, "protocol.basis: a basis is"),
        ({"sources": {}}, "source: INV does not stand among the sources"),
        ({"defaults": {}}, "defaults: an empty table"),
        ({"purposes": [PREVENTION, PREVENTION]}, "purposes: prevention stands twice"),
        ({"purposes": [{**PREVENTION, "id": "Prevention"}]}, "purposes[0].id: expected a word in lower case"),
        ({"defaults": {"review_days": 0}}, "defaults.review_days: expected a whole number, at least 1"),
    ],
)
def test_a_charter_that_does_not_hold_together_is_refused_with_path_and_rule(change: dict[str, Any], says: str) -> None:
    document = {**fields([member("AA")], [instrument("T1", party("AA"))]), **change}
    with pytest.raises(CharterInvalid) as refusal:
        Charter.of_fields(document)
    assert says in refusal.value.says


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"parties": [party("AA"), party("AA")]}, "instruments[0].parties: a member is named twice"),
        ({"parties": [party("XX")]}, "instruments[0].parties: XX is not among the members"),
        ({"parties": [party("AA", "2001-02-30")]}, "instruments[0].parties[0].since: expected a day"),
        ({"parties": [party("AA", until="2001-01-01")]}, "instruments[0].parties[0].until: lies before"),
        ({"parties": [party("AA", mark="gap")]}, "instruments[0].parties[0].since: a day and the mark gap exclude"),
        ({"in_force": {"mark": "V", "source": "INV"}}, "instruments[0].in_force.date: a day and the mark gap exclude"),
        ({"in_force": {"date": "20010101", "mark": "V", "source": "INV"}}, "instruments[0].in_force.date: expected a day"),
        ({"articles": [instrument("X")["articles"][0]] * 2}, "instruments[0].articles: an article stands twice"),
        ({"articles": [{**instrument("X")["articles"][0], "mark": "gap"}]}, "instruments[0].articles[0].permits: an article that nobody"),
        (
            {"reservations": [{"member": "BB", "excludes": [], "says": {"en": "S"}, "mark": "V", "source": "INV"}]},
            "instruments[0].reservations: BB made a reservation",
        ),
        (
            {"reservations": [{"member": "AA", "excludes": ["9"], "says": {"en": "S"}, "mark": "V", "source": "INV"}]},
            "instruments[0].reservations: the reservation excludes article 9",
        ),
    ],
)
def test_an_instrument_that_does_not_hold_together_is_refused_with_path_and_rule(change: dict[str, Any], says: str) -> None:
    document = fields([member("AA")], [{**instrument("T1", party("AA")), **change}])
    with pytest.raises(CharterInvalid) as refusal:
        Charter.of_fields(document)
    assert says in refusal.value.says


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("format = ", Malformed),
        ("format = 1\nformat = 1", Malformed),
        ("format = 1.0", CharterInvalid),
        ("format = 2001-06-15T00:00:00Z", CharterInvalid),
        ("format = 10:00:00", CharterInvalid),
        ("format = nan", CharterInvalid),
        ("a = " + "[" * 100_000, Malformed),
        ("a = " + "[" * 70 + "]" * 70, LimitReached),
        (".".join("a" * 3_000) + " = 1", LimitReached),
        ("a = " + "9" * 5_000, Malformed),
        ("a = " + "9" * 20, LimitReached),
        ('a = "' + "x" * 2**20 + '"', LimitReached),
        ("", CharterInvalid),
    ],
    ids=["cut", "twice", "fraction", "instant", "time", "nan", "brackets", "depth", "dotted", "digits", "number", "length", "empty"],
)
def test_toml_that_is_no_charter_is_refused(text: str, error: type[Refusal]) -> None:
    with pytest.raises(error):
        read_toml(text)


def test_a_founding_pins_the_roots_and_leaves_the_others_their_place() -> None:
    charter = found(three(), {"AA": root_of("AA").public})
    assert (1, [root_of("AA").public, None, None]) == (charter.version, [item.root for item in charter.members])
    assert three().instruments == charter.instruments


@pytest.mark.parametrize(("roots", "error"), [({}, CharterInvalid), ({"XX": root_of("XX").public}, NotFound)])
def test_a_founding_by_nobody_or_a_stranger_is_refused(roots: dict[str, PublicKey], error: type[Refusal]) -> None:
    with pytest.raises(error):
        found(three(), roots)


def test_what_is_founded_is_not_founded_again_and_two_members_have_two_keys() -> None:
    with pytest.raises(CharterInvalid, match="version 1 already"):
        found(signed(three(), "AA").charter, {"BB": root_of("BB").public})
    with pytest.raises(CharterInvalid, match="stands twice"):
        found(three(), {"AA": root_of("AA").public, "BB": root_of("AA").public})


def test_a_partner_is_not_found_as_a_member() -> None:
    charter = Charter.of_fields(RICH)
    assert "PP" == charter.state("PP").id
    with pytest.raises(NotFound):
        charter.member("PP")


def test_a_founding_that_lacks_signatures_names_the_members() -> None:
    charter = found(three(), {name: root_of(name).public for name in ("AA", "BB", "CC")})
    partly = SignedCharter(charter, ()).signed_by("BB", root_of("BB"))
    assert ("AA", "CC") == partly.missing()
    with pytest.raises(CharterInvalid, match="not signed by AA, CC"):
        partly.check_founding()


def test_members_without_a_root_key_need_not_sign_and_cannot() -> None:
    after = signed(three(), "AA", "CC")
    after.check_founding()
    assert () == after.missing()
    with pytest.raises(CharterInvalid, match="no root key for BB"):
        after.signed_by("BB", root_of("BB"))


def test_a_member_cannot_sign_twice() -> None:
    with pytest.raises(CharterInvalid, match="AA has signed this charter already"):
        signed(three(), "AA").signed_by("AA", root_of("AA"))


def test_a_member_signs_with_its_own_key_alone() -> None:
    with pytest.raises(CharterInvalid, match="for AA"):
        SignedCharter(found(three(), {"AA": root_of("AA").public}), ()).signed_by("AA", root_of("BB"))


def test_a_template_is_neither_signed_nor_accepted_as_a_founding() -> None:
    with pytest.raises(CharterInvalid, match="no root key"):
        SignedCharter(three(), ()).signed_by("AA", root_of("AA"))
    with pytest.raises(CharterInvalid, match="version 0 is not a founding"):
        SignedCharter(three(), ()).check_founding()


def test_the_order_of_signing_leaves_no_trace() -> None:
    assert signed(three(), "AA", "BB", "CC").to_bytes() == signed(three(), "CC", "AA", "BB").to_bytes()


def test_a_signature_moved_to_another_member_does_not_hold() -> None:
    after = signed(three(), "AA", "BB")
    moved = dataclasses.replace(after.signatures[1], signature=after.signatures[0].signature)
    with pytest.raises(SignatureInvalid, match="signature of BB"):
        SignedCharter(after.charter, (after.signatures[0], moved)).check_founding()


def test_signatures_of_another_charter_do_not_hold() -> None:
    changed = three().fields
    changed["names"] = {"en": "Another alliance"}
    other = signed(Charter.of_fields(changed), "AA")
    with pytest.raises(SignatureInvalid, match="signature of AA does not hold"):
        SignedCharter(signed(three(), "AA").charter, other.signatures).check_founding()


def test_a_signature_of_a_stranger_is_refused() -> None:
    after = signed(three(), "AA")
    stranger = dataclasses.replace(after.signatures[0], member="XX")
    with pytest.raises(NotFound):
        SignedCharter(after.charter, (*after.signatures, stranger)).check_founding()
    keyless = dataclasses.replace(after.signatures[0], member="BB")
    with pytest.raises(CharterInvalid, match="BB signed, and the charter pins no root key"):
        SignedCharter(after.charter, (*after.signatures, keyless)).check_founding()


def test_a_signed_charter_is_read_in_its_one_spelling_alone() -> None:
    after = signed(three(), "AA", "BB")
    value = json.loads(after.to_bytes())
    doubled = {**value, "signatures": [value["signatures"][0], *value["signatures"]]}
    for raw in (
        after.to_bytes() + b"\n",
        json.dumps(value).encode(),
        canonical({**value, "signatures": value["signatures"][::-1]}),
        canonical(doubled),
        canonical({**value, "more": 1}),
        canonical(value["charter"]),
        canonical({**value, "signatures": [1]}),
        b"{}",
        b"",
    ):
        with pytest.raises(Malformed):
            SignedCharter.read(raw)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_changed_byte_of_a_signed_charter_is_never_accepted(choice: st.DataObject) -> None:
    after = signed(three(), "AA", "BB")
    raw = bytearray(after.to_bytes())
    raw[choice.draw(st.integers(0, len(raw) - 1))] ^= choice.draw(st.integers(1, 255))
    with pytest.raises((Refusal, SignatureInvalid)):
        SignedCharter.read(bytes(raw)).check_founding()
