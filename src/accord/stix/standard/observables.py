"""The STIX Cyber-observable Objects (STIX 2.1, 6), as objects of their own and in the deprecated container of observed data (2.13)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from accord.seal.canonical import JSON, Fields
from accord.stix.identifier import is_type_name
from accord.stix.standard.fault import FINE, Check, Fault, Faults, Rule, Shape, binary, fault, hexadecimal
from accord.stix.standard.kinds import (
    boolean,
    dictionary,
    dictionary_of,
    hashes,
    identifier,
    identifier_of,
    integer,
    integer_between,
    language,
    language_of_software,
    list_of,
    one_of,
    reference_to,
    text,
    text_like,
    text_or_integer,
    text_that,
    texts,
    timestamp,
)
from accord.stix.standard.observable_parts import (
    Reference,
    account_extensions,
    certificate_extensions,
    file_extensions,
    header_field,
    mime_part,
    natural,
    process_extensions,
    registry_value,
    traffic_extensions,
)
from accord.stix.standard.properties import MARKINGS, extensions, extensions_of, selectors_name_content, uri
from accord.stix.standard.rules import any_of, not_before, version_4_unless, with_property, without_property
from accord.stix.standard.values import is_cpe, is_domain_name, is_ipv4, is_ipv6, is_mailbox, is_registry_key

# STIX 2.1, 3.2. An observable has no version and no language of its own; where a producer adds them all the same, they are what their names say.
_OBSERVABLE: Final[Mapping[str, Check]] = MappingProxyType(
    {
        "type": text,
        "spec_version": one_of("2.1"),
        **MARKINGS,
        "defanged": boolean,
        "extensions": extensions,
        "lang": language,
        "created": timestamp,
        "modified": timestamp,
    }
)
_RULES: Final = (not_before("modified", "created", "3.2"), selectors_name_content)
_MIME_TYPE: Final = r"(?:application|audio|font|haptics|image|message|model|multipart|text|video)/[a-zA-Z0-9.+_-]+"
_CHARACTER_SET: Final = r"[a-zA-Z0-9/.+_:-]{2,250}"
_PORT: Final = integer_between(0, 65_535)
_character_set: Final = text_like(_CHARACTER_SET, "RFC 2978", "must be the name of a character set")


def _shape(
    type_name: str,
    clause: str,
    properties: Mapping[str, Check],
    *,
    required: tuple[str, ...] = (),
    rules: tuple[Rule, ...] = (),
    needs_one: bool = False,
) -> Shape:
    checks = {**_OBSERVABLE, "id": identifier_of(type_name), **properties}
    if needs_one:
        rules = (any_of({*properties, "extensions"}, clause), *rules)
    return Shape(clause, MappingProxyType(checks), ("id", *required), (*_RULES, *rules))


def _payload(fields: Mapping[str, JSON]) -> Faults:
    """STIX 2.1, 6.1: the payload itself, or its place and hashes."""
    if ("payload_bin" in fields) is ("url" in fields):
        return fault("6.1", "must have either payload_bin or url")
    return fault("6.1", "must stand together with url", path="hashes") if "url" in fields and "hashes" not in fields else FINE


def _table(reference: Reference) -> Mapping[str, Shape]:
    shapes = (_files(reference), _addresses(reference), _mail(reference), _machines(reference), _identities(reference))
    return MappingProxyType({name: shape for table in shapes for name, shape in table.items()})


def _files(reference: Reference) -> dict[str, Shape]:
    times = {"ctime": timestamp, "mtime": timestamp, "atime": timestamp}
    return {
        "artifact": _shape(
            "artifact",
            "6.1",
            {
                "mime_type": text_like(_MIME_TYPE, "6.1", "must be a media type such as image/png"),
                "payload_bin": binary,
                "url": uri,
                "hashes": hashes,
                "encryption_algorithm": one_of("AES-256-GCM", "ChaCha20-Poly1305", "mime-type-indicated"),
                "decryption_key": text,
            },
            rules=(
                _payload,
                with_property("decryption_key", "encryption_algorithm", "6.1"),
                version_4_unless(("hashes", "payload_bin"), "6.1"),
            ),
        ),
        "directory": _shape(
            "directory",
            "6.3",
            {"path": text, "path_enc": _character_set, **times, "contains_refs": list_of(reference("file", "directory"))},
            required=("path",),
        ),
        "file": _shape(
            "file",
            "6.7",
            {
                "extensions": extensions_of(file_extensions(reference)),
                "hashes": hashes,
                "size": natural,
                "name": text,
                "name_enc": _character_set,
                "magic_number_hex": hexadecimal,
                "mime_type": text,
                **times,
                "parent_directory_ref": reference("directory"),
                "contains_refs": list_of(reference()),
                "content_ref": reference("artifact"),
            },
            rules=(any_of(("hashes", "name"), "6.7"),),
        ),
    }


def _addresses(reference: Reference) -> dict[str, Shape]:
    places = {"resolves_to_refs": list_of(reference("mac-addr")), "belongs_to_refs": list_of(reference("autonomous-system"))}
    end = reference("ipv4-addr", "ipv6-addr", "mac-addr", "domain-name")
    return {
        "autonomous-system": _shape("autonomous-system", "6.2", {"number": integer, "name": text, "rir": text}, required=("number",)),
        "domain-name": _shape(
            "domain-name",
            "6.4",
            {
                "value": text_that(is_domain_name, "6.4", "must be a domain name"),
                "resolves_to_refs": list_of(reference("ipv4-addr", "ipv6-addr", "domain-name")),
            },
            required=("value",),
        ),
        "ipv4-addr": _shape(
            "ipv4-addr", "6.8", {"value": text_that(is_ipv4, "6.8", "must be an IPv4 address or network"), **places}, required=("value",)
        ),
        "ipv6-addr": _shape(
            "ipv6-addr", "6.9", {"value": text_that(is_ipv6, "6.9", "must be an IPv6 address or network"), **places}, required=("value",)
        ),
        "mac-addr": _shape(
            "mac-addr",
            "6.10",
            {"value": text_like(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}", "6.10", "must be a MAC address in lower case with colons")},
            required=("value",),
        ),
        "network-traffic": _shape(
            "network-traffic",
            "6.12",
            {
                "extensions": extensions_of(traffic_extensions(reference)),
                "start": timestamp,
                "end": timestamp,
                "is_active": boolean,
                "src_ref": end,
                "dst_ref": end,
                "src_port": _PORT,
                "dst_port": _PORT,
                "protocols": texts,
                **dict.fromkeys(("src_byte_count", "dst_byte_count", "src_packets", "dst_packets"), integer),
                "ipfix": dictionary_of(text_or_integer),
                "src_payload_ref": reference("artifact"),
                "dst_payload_ref": reference("artifact"),
                "encapsulates_refs": list_of(reference("network-traffic")),
                "encapsulated_by_ref": reference("network-traffic"),
            },
            required=("protocols",),
            rules=(
                any_of(("src_ref", "dst_ref"), "6.12"),
                without_property("end", where="is_active", value=True, clause="6.12"),
                not_before("end", "start", "6.12"),
            ),
        ),
        "url": _shape("url", "6.15", {"value": uri}, required=("value",)),
    }


def _mail(reference: Reference) -> dict[str, Shape]:
    address, addresses = reference("email-addr"), list_of(reference("email-addr"))
    return {
        "email-addr": _shape(
            "email-addr",
            "6.5",
            {
                "value": text_that(is_mailbox, "6.5", "must be an e-mail address without a name"),
                "display_name": text,
                "belongs_to_ref": reference("user-account"),
            },
            required=("value",),
        ),
        "email-message": _shape(
            "email-message",
            "6.6",
            {
                "is_multipart": boolean,
                "date": timestamp,
                "content_type": text,
                "from_ref": address,
                "sender_ref": address,
                "to_refs": addresses,
                "cc_refs": addresses,
                "bcc_refs": addresses,
                "message_id": text,
                "subject": text,
                "received_lines": texts,
                "additional_header_fields": dictionary_of(header_field),
                "body": text,
                "body_multipart": list_of(mime_part(reference)),
                "raw_email_ref": reference("artifact"),
            },
            required=("is_multipart",),
            rules=(
                without_property("body", where="is_multipart", value=True, clause="6.6"),
                without_property("body_multipart", where="is_multipart", value=False, clause="6.6"),
                version_4_unless(("from_ref", "subject", "body"), "6.6"),
            ),
        ),
    }


def _machines(reference: Reference) -> dict[str, Shape]:
    return {
        "mutex": _shape("mutex", "6.11", {"name": text}, required=("name",)),
        "process": _shape(
            "process",
            "6.13",
            {
                "extensions": extensions_of(process_extensions(reference)),
                "is_hidden": boolean,
                "pid": integer,
                "created_time": timestamp,
                "cwd": text,
                "command_line": text,
                "environment_variables": dictionary,
                "opened_connection_refs": list_of(reference("network-traffic")),
                "creator_user_ref": reference("user-account"),
                "image_ref": reference("file"),
                "parent_ref": reference("process"),
                "child_refs": list_of(reference("process")),
            },
            rules=(version_4_unless((), "6.13"),),
            needs_one=True,
        ),
        "software": _shape(
            "software",
            "6.14",
            {
                "name": text,
                "cpe": text_that(is_cpe, "6.14", "must be a CPE 2.3 name"),
                "swid": text,
                "languages": list_of(language_of_software),
                "vendor": text,
                "version": text,
            },
            required=("name",),
        ),
    }


def _identities(reference: Reference) -> dict[str, Shape]:
    return {
        "user-account": _shape(
            "user-account",
            "6.16",
            {
                "extensions": extensions_of(account_extensions()),
                **dict.fromkeys(("user_id", "credential", "account_login", "account_type", "display_name"), text),
                **dict.fromkeys(("is_service_account", "is_privileged", "can_escalate_privs", "is_disabled"), boolean),
                **dict.fromkeys(("account_created", "account_expires", "credential_last_changed"), timestamp),
                **dict.fromkeys(("account_first_login", "account_last_login"), timestamp),
            },
            rules=(version_4_unless(("account_type", "user_id", "account_login"), "6.16"),),
            needs_one=True,
        ),
        "windows-registry-key": _shape(
            "windows-registry-key",
            "6.17",
            {
                "key": text_that(is_registry_key, "6.17", "must begin with the hive in full"),
                "values": list_of(registry_value),
                "modified_time": timestamp,
                "creator_user_ref": reference("user-account"),
                "number_of_subkeys": integer,
            },
            rules=(version_4_unless(("key", "values"), "6.17"),),
            needs_one=True,
        ),
        "x509-certificate": _shape(
            "x509-certificate",
            "6.18",
            {
                "is_self_signed": boolean,
                "hashes": hashes,
                **dict.fromkeys(("version", "serial_number", "signature_algorithm", "issuer", "subject"), text),
                **dict.fromkeys(("subject_public_key_algorithm", "subject_public_key_modulus"), text),
                "subject_public_key_exponent": integer,
                "validity_not_before": timestamp,
                "validity_not_after": timestamp,
                "x509_v3_extensions": certificate_extensions,
            },
            rules=(version_4_unless(("hashes", "serial_number"), "6.18"),),
            needs_one=True,
        ),
    }


OBSERVABLES: Final = _table(reference_to)
_CONTAINED: Final = _table(lambda *_: text)
CUSTOM_OBSERVABLE: Final = Shape("6", MappingProxyType({**_OBSERVABLE, "id": identifier}), ("id",), _RULES)


def contained(value: JSON) -> Faults:
    """STIX 2.1, 2.13: a dictionary of observables that refer to one another by its keys."""
    if type(value) is not dict or not value:
        return fault("2.13", "must be a dictionary of observables that is not empty")
    found: list[Fault] = []
    for key, item in value.items():
        found.extend(faulty.under(key) for faulty in _contained_item(item, value))
    return tuple(found)


def _contained_item(item: JSON, container: Fields) -> Faults:
    if type(item) is not dict:
        return fault("2.13", "must be an object")
    name = item.get("type")
    if not isinstance(name, str) or not is_type_name(name):
        return fault("2.13", "must have a type", path="type")
    shape = _CONTAINED.get(name)
    if shape is None:
        return tuple(CUSTOM_OBSERVABLE.faults(item))
    missing = [
        fault("2.13", "refers to a key that is not in the container", path=path)[0]
        for path, key in _references(item)
        if key not in container
    ]
    return (*shape.faults(item), *missing)


def _references(item: Fields) -> Iterator[tuple[str, str]]:
    for name, value in item.items():
        if name.endswith("_ref") and isinstance(value, str):
            yield name, value
        elif name.endswith("_refs") and name != "object_marking_refs" and isinstance(value, list):
            yield from ((name, key) for key in value if isinstance(key, str))
