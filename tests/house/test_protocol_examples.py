"""The worked examples of `docs/protocol.md` are true: read from the document, and computed anew from the values that they begin with."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from accord.charter.keyfile import KeyFile
from accord.exchange.courier_file import Outside
from accord.exchange.wire import collection_id, split_receipt, token
from accord.ledger import checkpoint
from accord.ledger.checkpoint import Checkpoint
from accord.ledger.entry import commitment, leaf_hash
from accord.ledger.tree import EMPTY, root_of
from accord.seal.canonical import Fields, canonical, digest_of, digest_text, read_canonical
from accord.seal.keys import PrivateKey, Role, RoleKey, base64_text, parse_base64
from accord.seal.note import NoteAlgorithm, Verifier
from accord.seal.signature import sign_fields, verify_fields
from accord.stix.consent import Consent, Use, purpose_digest
from accord.stix.extensions import EXTENSION_OF
from accord.stix.statement import TYPE
from tests.house.sources import ROOT

PROTOCOL = ROOT / "docs" / "protocol.md"
EXAMPLE = re.compile(r"^```example(?: (?P<name>\w+))?\n(?P<body>.*?)^```", re.MULTILINE | re.DOTALL)
ORIGIN = "sco.example/KZ/KG/1"
AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def values(text: str) -> dict[str, str]:
    """The lines `name = value` of every plain example."""
    lines = [line for found in EXAMPLE.finditer(text) if not found["name"] for line in found["body"].splitlines()]
    return dict(line.split(" = ", 1) for line in lines)


def block(text: str, name: str) -> str:
    """The whole text of the one example with this name."""
    [body] = [found["body"] for found in EXAMPLE.finditer(text) if found["name"] == name]
    return body


def key(byte: int) -> PrivateKey:
    return PrivateKey.from_seed(bytes([byte]) * 32)


def computed(received: str) -> dict[str, str]:
    """Everything that follows from the first object as received."""
    first, second = read_canonical(received.encode())[1], canonical({"type": "example"})
    salts = bytes(range(32)), bytes(range(32, 64))
    commitments = [commitment(salt=salt, content=content) for salt, content in zip(salts, (first, second), strict=True)]
    leaves = [leaf_hash(entry) for entry in commitments]
    log = key(1)
    return {
        "first object as received": received,
        "first object, canonical": first.decode(),
        "first object, digest": digest_text(digest_of(first)),
        "first salt": base64_text(salts[0]),
        "first commitment": commitments[0].hex(),
        "first leaf hash": leaves[0].hex(),
        "second object, canonical": second.decode(),
        "second salt": base64_text(salts[1]),
        "second commitment": commitments[1].hex(),
        "second leaf hash": leaves[1].hex(),
        "root of both leaves": root_of(leaves).hex(),
        "root of the empty tree": EMPTY.root().hex(),
        "key of seed 32 times 0x01": str(log.public),
        "its key id": log.public.id,
        "signed in context statement with seed 32 times 0x03": canonical(
            sign_fields({"type": "example"}, context="statement", key=key(3))
        ).decode(),
        "verifier key": str(Verifier(ORIGIN, NoteAlgorithm.ED25519, log.public)),
        "purpose of the consent, digest": digest_text(purpose_digest("prevention of an attack")),
        "consent signed with seed 32 times 0x03": signed_consent(commitments[0]).decode(),
        f"collection of {ORIGIN}": collection_id(ORIGIN),
        "key file of KG": key_file().decode(),
        "outside of a courier's file": outside().decode(),
        "token": token(member="KG", audience="sco.example/KZ", key=key(4), now=AT),
    }


def signed_consent(entry: bytes) -> bytes:
    """The consent that KG may pass the first object on to TJ, as it stands in the channel."""
    consent = Consent(
        id="accord-consent--2f0d9c1e-5a53-4b0e-8a51-6d0b1f3c7e10",
        made_at=AT,
        by="KZ",
        holder="KG",
        users=("TJ",),
        use=Use.PASSING_ON,
        statement="accord-release--6f1c0f5e-0d43-4d0a-9f5c-3d6f0a6f2b11",
        basis="SC/7",
        purpose=purpose_digest("prevention of an attack"),
        commitments=(entry,),
    )
    return canonical(sign_fields(consent.fields(), context="accord-consent", key=key(3)))


def key_file() -> bytes:
    """The key file of KG with its transport key alone."""
    entry = RoleKey(Role.TRANSPORT, key(4).public, valid_from=AT, valid_until=None)
    return KeyFile(charter_id="sco.example", member="KG", number=1, keys=(entry,), made_at=AT).sign(key(5))


def outside() -> bytes:
    """The second line of a file of KG to KZ with nothing inside, newline not included."""
    charter, nothing = digest_text(digest_of(b"{}")), digest_of(b"")
    made = Outside(charter, "KG", "KZ", key(6).public.id, key_file(), AT, nothing)
    return made.signed(key(4)).splitlines()[1]


def signed_checkpoint(document: dict[str, str]) -> str:
    return checkpoint.sign(Checkpoint(ORIGIN, 2, bytes.fromhex(document["root of both leaves"])), key=key(1))


def test_every_value_of_the_examples_is_what_the_code_computes() -> None:
    document = values(PROTOCOL.read_text(encoding="utf-8"))
    assert computed(document["first object as received"]) == document


def test_the_checkpoint_of_the_examples_is_the_one_that_is_signed() -> None:
    text = PROTOCOL.read_text(encoding="utf-8")
    assert signed_checkpoint(values(text)) == block(text, "checkpoint")


def test_the_receipt_of_the_examples_is_the_checkpoint_with_its_cosignature() -> None:
    text = PROTOCOL.read_text(encoding="utf-8")
    note, line = split_receipt(block(text, "receipt"))
    assert block(text, "checkpoint") == note
    assert checkpoint.cosign(note, name="sco.example/KG/receipt", key=key(2), at=AT) == line
    assert checkpoint.verify_cosignature(note, line, name="sco.example/KG/receipt", keys=[key(2).public]) == AT


def test_the_signature_of_the_examples_holds_in_its_context() -> None:
    document = values(PROTOCOL.read_text(encoding="utf-8"))
    signed, _ = read_canonical(document["signed in context statement with seed 32 times 0x03"].encode())
    assert isinstance(signed, dict)
    assert verify_fields(signed, context="statement", keys=[key(3).public]) == key(3).public


def test_the_consent_of_the_examples_is_read_back_and_its_signature_holds() -> None:
    document = values(PROTOCOL.read_text(encoding="utf-8"))
    signed, _ = read_canonical(document["consent signed with seed 32 times 0x03"].encode())
    assert isinstance(signed, dict)
    assert verify_fields(signed, context="accord-consent", keys=[key(3).public]) == key(3).public
    assert ("KZ", "KG", ("TJ",)) == ((read := Consent.parse(signed)).by, read.holder, read.users)


def test_the_specimen_of_a_statement_names_its_extension_and_the_first_commitment() -> None:
    text = PROTOCOL.read_text(encoding="utf-8")
    section = text.partition("## 8. ")[2].partition("\n## ")[0]
    assert section.count(EXTENSION_OF[TYPE]) == 2
    entry = base64_text(bytes.fromhex(values(text)["first commitment"]))
    assert f'"commitments": ["{entry}"]' in section
    assert len(parse_base64(entry, what="a commitment")) == 32


def test_a_changed_example_is_seen() -> None:
    received: str = '{ "b": [true, null, 1.0], "a": "мир" }'
    other: Fields = {"type": "other"}
    assert computed(received)["first object, canonical"] != canonical(other).decode()
    assert values("```example\na = 1 = 2\n```\n```example note\nb = 3\n```\n") == {"a": "1 = 2"}
    assert block("```example note\nb = 3\n```\n", "note") == "b = 3\n"
