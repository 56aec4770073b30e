"""The check against STIX 2.1 at MUST level: each fault with path and clause, and nothing that it could stumble over."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.seal.canonical import Fields
from accord.stix.schema import FAULTS_MAX, Fault, faults, faults_of

UUID = "8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"
IDENTITY = f"identity--{UUID}"
MARKING = "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9"
EXTENSION = f"extension-definition--{UUID}"


def versioned(type_name: str, **properties: Any) -> Fields:
    return {
        "type": type_name,
        "spec_version": "2.1",
        "id": f"{type_name}--{UUID}",
        "created": "2026-01-01T00:00:00.000Z",
        "modified": "2026-01-01T00:00:00.000Z",
        **properties,
    }


def observable(type_name: str, **properties: Any) -> Fields:
    return {"type": type_name, "id": f"{type_name}--{UUID}", **properties}


def told(fields: Fields) -> list[tuple[str, str]]:
    """Path and clause of each fault."""
    return [(fault.path, fault.clause.removeprefix("STIX 2.1, ")) for fault in faults_of(fields)]


SOUND = [
    versioned("attack-pattern", name="a", external_references=[{"source_name": "capec", "external_id": "CAPEC-163"}]),
    versioned("campaign", name="a", first_seen="2026-01-01T00:00:00Z", last_seen="2026-01-01T00:00:00.000Z"),
    versioned("course-of-action", name="a", revoked=False, confidence=100, labels=["x"], lang="kk-Cyrl"),
    versioned("grouping", context="suspicious-activity", object_refs=[IDENTITY]),
    versioned("identity", name="", identity_class="anything open", created_by_ref=IDENTITY),
    versioned("incident", name="a"),
    versioned("indicator", pattern="[a:bcd = 1]".replace("a:", "abc:"), pattern_type="stix", valid_from="2026-01-01T00:00:00Z"),
    versioned("indicator", pattern="rule x {", pattern_type="yara", valid_from="2026-01-01T00:00:00Z"),
    versioned("infrastructure", name="a"),
    versioned("intrusion-set", name="a"),
    versioned("location", latitude=41.3, longitude=69, precision=10),
    versioned("location", country="UZ"),
    versioned("malware", is_family=False),
    versioned("malware-analysis", product="a", result="benign"),
    versioned("note", content="a", object_refs=[IDENTITY]),
    versioned(
        "observed-data",
        first_observed="2026-01-01T00:00:00Z",
        last_observed="2026-01-01T00:00:00Z",
        number_observed=1,
        objects={"0": observable("file", name="a", parent_directory_ref="1"), "1": observable("directory", path="/")},
    ),
    versioned("opinion", opinion="neutral", object_refs=[IDENTITY]),
    versioned("report", name="a", published="2026-01-01T00:00:00Z", object_refs=[IDENTITY]),
    versioned("threat-actor", name="a"),
    versioned("tool", name="a", kill_chain_phases=[{"kill_chain_name": "a", "phase_name": "b"}]),
    versioned("vulnerability", name="a", external_references=[{"source_name": "cve", "external_id": "CVE-2026-0001"}]),
    versioned("relationship", relationship_type="uses", source_ref=IDENTITY, target_ref=f"tool--{UUID}"),
    versioned("sighting", sighting_of_ref=f"tool--{UUID}", where_sighted_refs=[IDENTITY], count=0),
    versioned("language-content", object_ref=IDENTITY, contents={"ru": {"name": "имя"}}),
    versioned("extension-definition", created_by_ref=IDENTITY, name="a", schema="b", version="1", extension_types=["new-sdo"]),
    {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": MARKING,
        "created": "2017-01-20T00:00:00.000Z",
        "definition_type": "tlp",
        "name": "TLP:WHITE",
        "definition": {"tlp": "white"},
    },
    observable("artifact", payload_bin="YQ=="),
    observable("artifact", url="https://example.com/a", hashes={"MD5": "79054025255fb1a26e4bc422aef54eb4"}),
    observable("autonomous-system", number=1),
    observable("directory", path="/"),
    observable("domain-name", value="пример.рф"),
    observable("email-addr", value="a.b@example.com"),
    observable("email-message", is_multipart=False, body="a"),
    observable("file", name="a", extensions={"windows-pebinary-ext": {"pe_type": "exe", "machine_hex": "014c"}}),
    observable("file", hashes={"SHA-256": "a" * 64, "x-own": "any"}),
    observable("ipv4-addr", value="198.51.100.0/24"),
    observable("ipv6-addr", value="2001:db8::/32"),
    observable("mac-addr", value="d2:fb:49:24:37:18"),
    observable("mutex", name="a"),
    observable("network-traffic", src_ref=f"ipv4-addr--{UUID}", protocols=["tcp"], src_port=0, is_active=True),
    observable("process", pid=1),
    observable("software", name="a", cpe="cpe:2.3:a:microsoft:word:2000:*:*:*:*:*:*:*", languages=["ru"]),
    observable("url", value="https://example.com/a?b#c"),
    observable("user-account", user_id="a"),
    observable("windows-registry-key", key="HKEY_LOCAL_MACHINE\\System"),
    observable("x509-certificate", serial_number="1"),
    versioned("x-own", x_foo="a"),
    versioned("accord-own", extensions={EXTENSION: {"extension_type": "new-sdo"}}),
    observable("x-own-observable", foo_hex="00ff"),
    {"type": "bundle", "id": f"bundle--{UUID}", "objects": [versioned("incident", name="a")]},
    {"type": "bundle", "id": f"bundle--{UUID}", "objects": [{"type": "malware", "id": f"malware--{UUID}", "created": "x"}]},
]


@pytest.mark.parametrize("fields", SOUND, ids=lambda fields: str(fields["type"]))
def test_a_sound_object_of_every_type_has_no_fault(fields: Fields) -> None:
    assert [] == faults_of(fields) == faults(json.dumps(fields).encode())


FAULTY: list[tuple[str, str, Fields]] = [
    ("type", "3.2", {}),
    ("type", "3.1", {"type": "X"}),
    ("type", "3.8", versioned("action")),
    ("name", "4.6", versioned("incident")),
    ("id", "2.9", versioned("incident", name="a", id=IDENTITY)),
    ("id", "2.9", versioned("x-own", id=IDENTITY)),
    ("id", "2.9", versioned("incident", name="a", id="incident--1")),
    ("spec_version", "2.4", versioned("incident", name="a", spec_version="2.0")),
    ("modified", "3.2", versioned("incident", name="a", modified="2025-12-31T23:59:59.999Z")),
    ("modified", "3.2", versioned("incident", name="a", created="2026-01-01T00:00:00.0001Z")),
    ("created", "2.16", versioned("incident", name="a", created="2025-02-29T00:00:00.000Z")),
    ("created", "3.2", versioned("incident", name="a", created="2025-02-28T00:00:00Z")),
    ("lang", "RFC 5646", versioned("incident", name="a", lang="xx")),
    ("labels", "2.12", versioned("incident", name="a", labels=[])),
    ("labels[1]", "2.15", versioned("incident", name="a", labels=["a", 1])),
    ("confidence", "2.10", versioned("incident", name="a", confidence=101)),
    ("confidence", "2.10", versioned("incident", name="a", confidence=True)),
    ("revoked", "2.2", versioned("incident", name="a", revoked=1)),
    ("x_foo", "2.12", versioned("incident", name="a", x_foo=[])),
    ("x_foo", "2", versioned("incident", name="a", x_foo=None)),
    ("x-foo", "11.1", versioned("incident", name="a", **{"x-foo": 1})),
    ("severity", "3.8", versioned("incident", name="a", severity=1)),
    ("foo_bin", "2.1", versioned("incident", name="a", foo_bin="YQ=")),
    ("external_references[0].external_id", "2.5", versioned("incident", name="a", external_references=[{"source_name": "cve"}])),
    ("external_references[0]", "2.5", versioned("incident", name="a", external_references=[{"source_name": "a"}])),
    ("external_references[0].url", "RFC 3986", versioned("incident", name="a", external_references=[{"source_name": "a", "url": "a b"}])),
    ("object_marking_refs[0]", "2.9", versioned("incident", name="a", object_marking_refs=[IDENTITY])),
    ("granular_markings[0]", "7.2.3.1", versioned("incident", name="a", granular_markings=[{"selectors": ["name"]}])),
    (
        "granular_markings[0].selectors",
        "7.2.3.1",
        versioned("incident", name="a", granular_markings=[{"selectors": ["labels.[0]"], "marking_ref": MARKING}]),
    ),
    ("extensions.x", "7.3", versioned("incident", name="a", extensions={"x": {"a": 1}})),
    (f"extensions.{EXTENSION}.extension_type", "7.3", versioned("incident", name="a", extensions={EXTENSION: {"foo": 1}})),
    ("pattern", "9", versioned("indicator", pattern="[", pattern_type="stix", valid_from="2026-01-01T00:00:00Z")),
    ("pattern", "9.7", versioned("indicator", pattern="[a:b = 1]", pattern_type="stix", valid_from="2026-01-01T00:00:00Z")),
    (
        "valid_until",
        "4.7",
        versioned("indicator", pattern="a", pattern_type="pcre", valid_from="2026-01-01T00:00:00Z", valid_until="2026-01-01T00:00:00.0Z"),
    ),
    ("", "4.10", versioned("location", name="a")),
    ("precision", "4.10", versioned("location", region="asia", precision=1)),
    ("name", "4.11", versioned("malware", is_family=True)),
    ("source_ref", "2.9", versioned("relationship", relationship_type="uses", source_ref=MARKING, target_ref=IDENTITY)),
    ("contents", "RFC 5646", versioned("language-content", object_ref=IDENTITY, contents={"xx": {"name": "a"}})),
    ("created_by_ref", "7.3", versioned("extension-definition", name="a", schema="b", version="1", extension_types=["new-sdo"])),
    ("definition", "7.2.1.4", {**versioned("marking-definition"), "definition_type": "tlp", "definition": {"tlp": "red"}}),
    ("", "6.1", observable("artifact")),
    ("payload_bin", "2.1", observable("artifact", payload_bin="*")),
    ("value", "6.4", observable("domain-name", value="-a.com")),
    ("value", "6.5", observable("email-addr", value="Jane <a@example.com>")),
    ("body", "6.6", observable("email-message", is_multipart=True, body="a")),
    ("hashes.MD5", "2.7", observable("file", hashes={"MD5": "f00"})),
    ("extensions.windows-pebinary-ext", "6.7.6", observable("file", name="a", extensions={"windows-pebinary-ext": {"pe_type": "exe"}})),
    ("value", "6.8", observable("ipv4-addr", value="256.1.1.1")),
    ("value", "6.9", observable("ipv6-addr", value="2001:db8::/129")),
    ("value", "6.10", observable("mac-addr", value="D2:FB:49:24:37:18")),
    (
        "end",
        "6.12",
        observable("network-traffic", src_ref=f"ipv4-addr--{UUID}", protocols=["tcp"], is_active=True, end="2026-01-01T00:00:00Z"),
    ),
    ("src_ref", "6", observable("network-traffic", src_ref=f"url--{UUID}", protocols=["tcp"])),
    ("id", "6.13", {**observable("process", pid=1), "id": "process--8e2e2d2b-17d4-5cbf-938f-98ee46b3cd3f"}),
    ("cpe", "6.14", observable("software", name="a", cpe="cpe:/a:microsoft:word")),
    ("key", "6.17", observable("windows-registry-key", key="hklm\\system")),
    (
        "objects.0.parent_directory_ref",
        "2.13",
        versioned(
            "observed-data",
            first_observed="2026-01-01T00:00:00Z",
            last_observed="2026-01-01T00:00:00Z",
            number_observed=1,
            objects={"0": observable("file", name="a", parent_directory_ref="9")},
        ),
    ),
    ("objects[0].name", "4.6", {"type": "bundle", "id": f"bundle--{UUID}", "objects": [versioned("incident")]}),
    ("objects[0].type", "8", {"type": "bundle", "id": f"bundle--{UUID}", "objects": [{"type": "bundle", "id": f"bundle--{UUID}"}]}),
]


@pytest.mark.parametrize(("path", "clause", "fields"), FAULTY)
def test_a_fault_is_told_with_its_path_and_clause(path: str, clause: str, fields: Fields) -> None:
    assert [(path, clause)] == told(fields)


def test_a_fault_is_one_line_that_holds_no_value() -> None:
    (fault,) = faults_of(versioned("incident", name="a", lang="secret"))
    assert "lang: must be a language code such as ru or zh-Hans-CN (RFC 5646)" == str(fault)
    (fault,) = faults_of(versioned("location", name="secret"))
    assert "the object: must have a region, a country or both latitude and longitude (STIX 2.1, 4.10)" == str(fault)


def test_a_long_name_is_not_repeated_in_a_path() -> None:
    assert ["…"] == [fault.path for fault in faults_of(versioned("incident", name="a", **{"x" * 300: 1}))]


def test_the_limits_of_reading_are_faults_too() -> None:
    assert ["RFC 8259"] == [fault.clause for fault in faults(b'{"type": "identity", "type": "tool"}')]
    assert ["RFC 8259"] == [fault.clause for fault in faults(b'{"x_big": 9007199254740993}')]
    assert "DEPTH_MAX" in faults(b"[" * 70 + b"]" * 70)[0].says


@pytest.mark.parametrize("raw", [b"[]", b"null", b'"a"', b"5"])
def test_a_value_that_is_no_object_is_one_fault(raw: bytes) -> None:
    assert [Fault("", "STIX 2.1, 3", "must be an object")] == faults(raw)


def test_no_more_faults_are_told_than_anybody_reads() -> None:
    assert FAULTS_MAX == len(faults_of(versioned("incident", name="a", labels=[1] * 1_000)))
    assert FAULTS_MAX == len(faults_of({"type": "bundle", "id": f"bundle--{UUID}", "objects": [versioned("incident")] * 1_000}))


VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-9, 9),
        st.floats(allow_nan=False),
        st.text(max_size=5),
        st.sampled_from([IDENTITY, "2026-01-01T00:00:00.000Z"]),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | st.just("type"), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(SOUND), st.data())
def test_no_value_of_any_property_makes_the_check_stumble(sound: Fields, data: st.DataObject) -> None:
    names = [*sound, "id", "lang", "external_references", "granular_markings", "object_marking_refs", "extensions", "x_foo"]
    fields = {**sound, data.draw(st.sampled_from(names)): data.draw(VALUES)}
    assert all(str(fault) for fault in faults_of(fields))


@given(st.dictionaries(st.text(max_size=8), VALUES) | st.fixed_dictionaries({"type": VALUES, "objects": VALUES}))
def test_no_object_makes_the_check_stumble(fields: Fields) -> None:
    assert faults_of(fields) != []
