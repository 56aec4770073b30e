"""What stands inside STIX Cyber-observable Objects: their predefined extensions and the types that only they use (STIX 2.1, 6).

The tables are built for a way to refer to other objects: by identifier, or by key where observables lie in the deprecated container.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from accord.seal.canonical import JSON
from accord.stix.standard.fault import FINE, Check, Faults, Shape, fault, hexadecimal
from accord.stix.standard.kinds import (
    boolean,
    dictionary_of,
    hashes,
    integer,
    integer_between,
    list_of,
    number,
    one_of,
    text,
    text_or_integer,
    texts,
    timestamp,
    timestamp_in_seconds,
)
from accord.stix.standard.rules import any_of, exactly_one_of

Reference: TypeAlias = Callable[..., Check]  # Given the types that may be referred to, the check of a reference to one of them.

natural: Final = integer_between(0)


def part(clause: str, checks: Mapping[str, Check], *, required: tuple[str, ...] = (), needs_one: bool = False) -> Check:
    """An object within an observable; `needs_one` where it must have at least one of its own properties."""
    rules = (any_of(checks, clause),) if needs_one else ()
    return Shape(clause, MappingProxyType(checks), required, rules).check


def file_extensions(reference: Reference) -> Mapping[str, Check]:
    """STIX 2.1, 6.7.2 to 6.7.6."""
    stream = part("6.7.3", {"name": text, "hashes": hashes, "size": natural}, required=("name",))
    return {
        "archive-ext": part(
            "6.7.2", {"contains_refs": list_of(reference("file", "directory")), "comment": text}, required=("contains_refs",)
        ),
        "ntfs-ext": part("6.7.3", {"sid": text, "alternate_data_streams": list_of(stream)}, needs_one=True),
        "pdf-ext": part(
            "6.7.4",
            {"version": text, "is_optimized": boolean, "document_info_dict": dictionary_of(text), "pdfid0": text, "pdfid1": text},
            needs_one=True,
        ),
        "raster-image-ext": part(
            "6.7.5",
            {
                "image_height": integer,
                "image_width": integer,
                "bits_per_pixel": integer,
                "exif_tags": dictionary_of(text_or_integer, key="[A-Z][a-zA-Z0-9_-]{1,249}"),
            },
            needs_one=True,
        ),
        "windows-pebinary-ext": _windows_binary,
    }


_OPTIONAL_HEADER: Final = Shape(
    "6.7.6",
    MappingProxyType(
        {
            **dict.fromkeys(("magic_hex", "win32_version_value_hex", "checksum_hex", "subsystem_hex"), hexadecimal),
            **dict.fromkeys(("dll_characteristics_hex", "loader_flags_hex"), hexadecimal),
            **dict.fromkeys(
                ("major_linker_version", "minor_linker_version", "address_of_entry_point", "base_of_code", "base_of_data"), integer
            ),
            **dict.fromkeys(("image_base", "section_alignment", "file_alignment", "major_os_version", "minor_os_version"), integer),
            **dict.fromkeys(("major_image_version", "minor_image_version", "major_subsystem_version", "minor_subsystem_version"), integer),
            **dict.fromkeys(("size_of_code", "size_of_initialized_data", "size_of_uninitialized_data", "size_of_image"), natural),
            **dict.fromkeys(("size_of_headers", "size_of_stack_reserve", "size_of_stack_commit"), natural),
            **dict.fromkeys(("size_of_heap_reserve", "size_of_heap_commit"), natural),
            "number_of_rva_and_sizes": integer,
            "hashes": hashes,
        }
    ),
    is_closed=True,
)


def _optional_header(value: JSON) -> Faults:
    return fault("6.7.6", "must have at least one property") if value == {} else _OPTIONAL_HEADER.check(value)


_BINARY: Final[Mapping[str, Check]] = MappingProxyType(
    {
        "imphash": text,
        "machine_hex": hexadecimal,
        "number_of_sections": natural,
        "time_date_stamp": timestamp_in_seconds,
        "pointer_to_symbol_table_hex": hexadecimal,
        "number_of_symbols": natural,
        "size_of_optional_header": natural,
        "characteristics_hex": hexadecimal,
        "file_header_hashes": hashes,
        "optional_header": _optional_header,
        "sections": list_of(part("6.7.6", {"name": text, "size": natural, "entropy": number, "hashes": hashes}, required=("name",))),
    }
)
_windows_binary: Final = Shape(
    "6.7.6", MappingProxyType({"pe_type": text, **_BINARY}), required=("pe_type",), rules=(any_of(_BINARY, "6.7.6"),)
).check


def traffic_extensions(reference: Reference) -> Mapping[str, Check]:
    """STIX 2.1, 6.12.2 to 6.12.5."""
    return {
        "http-request-ext": part(
            "6.12.2",
            {
                "request_method": text,
                "request_value": text,
                "request_version": text,
                "request_header": dictionary_of(texts),
                "message_body_length": integer,
                "message_body_data_ref": reference("artifact"),
            },
            required=("request_method", "request_value"),
        ),
        "icmp-ext": part(
            "6.12.3", {"icmp_type_hex": hexadecimal, "icmp_code_hex": hexadecimal}, required=("icmp_type_hex", "icmp_code_hex")
        ),
        "socket-ext": part(
            "6.12.4",
            {
                "address_family": one_of(
                    *("AF_UNSPEC", "AF_INET", "AF_IPX", "AF_APPLETALK", "AF_NETBIOS", "AF_INET6", "AF_IRDA", "AF_BTH"),
                ),
                "is_blocking": boolean,
                "is_listening": boolean,
                "options": dictionary_of(integer, key="(?:SO|ICMP|ICMP6|IP|IPV6|MCAST|TCP|IRLMP)(?:_[A-Z0-9]+)+"),
                "socket_type": one_of("SOCK_STREAM", "SOCK_DGRAM", "SOCK_RAW", "SOCK_RDM", "SOCK_SEQPACKET"),
                "socket_descriptor": natural,
                "socket_handle": integer,
            },
            required=("address_family",),
        ),
        "tcp-ext": part("6.12.5", {"src_flags_hex": hexadecimal, "dst_flags_hex": hexadecimal}, needs_one=True),
    }


def process_extensions(reference: Reference) -> Mapping[str, Check]:
    """STIX 2.1, 6.13.2 and 6.13.3."""
    return {
        "windows-process-ext": part(
            "6.13.2",
            {
                "aslr_enabled": boolean,
                "dep_enabled": boolean,
                "priority": text,
                "owner_sid": text,
                "window_title": text,
                "startup_info": _startup_information,
                "integrity_level": one_of("low", "medium", "high", "system"),
            },
            needs_one=True,
        ),
        "windows-service-ext": part(
            "6.13.3",
            {
                "service_name": text,
                "descriptions": texts,
                "display_name": text,
                "group_name": text,
                "start_type": one_of(
                    *("SERVICE_AUTO_START", "SERVICE_BOOT_START", "SERVICE_DEMAND_START", "SERVICE_DISABLED", "SERVICE_SYSTEM_ALERT"),
                ),
                "service_dll_refs": list_of(reference("file")),
                "service_type": one_of(
                    *("SERVICE_KERNEL_DRIVER", "SERVICE_FILE_SYSTEM_DRIVER", "SERVICE_WIN32_OWN_PROCESS", "SERVICE_WIN32_SHARE_PROCESS"),
                ),
                "service_status": one_of(
                    *("SERVICE_CONTINUE_PENDING", "SERVICE_PAUSE_PENDING", "SERVICE_PAUSED", "SERVICE_RUNNING"),
                    *("SERVICE_START_PENDING", "SERVICE_STOP_PENDING", "SERVICE_STOPPED"),
                ),
            },
            needs_one=True,
        ),
    }


def _nothing(value: JSON) -> Faults:
    return FINE if value is None else fault("6.13.2", "must be null")


# STIX 2.1, 6.13.2: the members of the STARTUPINFO structure, by its own names.
_startup_information: Final = Shape(
    "6.13.2",
    MappingProxyType(
        {
            **dict.fromkeys(
                ("lpDesktop", "lpTitle", "dwFillAttribute", "dwFlags", "wShowWindow", "hStdInput", "hStdOutput", "hStdError"), text
            ),
            **dict.fromkeys(("lpReserved", "lpReserved2"), _nothing),
            **dict.fromkeys(("cb", "dwX", "dwY", "dwXSize", "dwYSize", "dwXCountChars", "dwYCountChars"), integer),
            "cbReserved2": integer_between(0, 0),
        }
    ),
    is_closed=True,
).check


def account_extensions() -> Mapping[str, Check]:
    """STIX 2.1, 6.16.2."""
    return {"unix-account-ext": part("6.16.2", {"gid": number, "groups": texts, "home_dir": text, "shell": text}, needs_one=True)}


def mime_part(reference: Reference) -> Check:
    """STIX 2.1, 6.6.2."""
    checks = {"body": text, "body_raw_ref": reference("artifact", "file"), "content_type": text, "content_disposition": text}
    return Shape("6.6.2", MappingProxyType(checks), rules=(exactly_one_of("body", "body_raw_ref", "6.6.2"),)).check


def header_field(value: JSON) -> Faults:
    """STIX 2.1, 6.6: one value of a header field, or the several of one that occurs more than once."""
    return FINE if type(value) is str else texts(value)


registry_value: Final = part(
    "6.17.2",
    {
        "name": text,
        "data": text,
        "data_type": one_of(
            *("REG_NONE", "REG_SZ", "REG_EXPAND_SZ", "REG_BINARY", "REG_DWORD", "REG_DWORD_BIG_ENDIAN", "REG_DWORD_LITTLE_ENDIAN"),
            *("REG_LINK", "REG_MULTI_SZ", "REG_RESOURCE_LIST", "REG_FULL_RESOURCE_DESCRIPTION", "REG_RESOURCE_REQUIREMENTS_LIST"),
            *("REG_QWORD", "REG_INVALID_TYPE"),
        ),
    },
    needs_one=True,
)

certificate_extensions: Final = part(
    "6.18.2",
    {
        **dict.fromkeys(("basic_constraints", "name_constraints", "policy_constraints", "key_usage", "extended_key_usage"), text),
        **dict.fromkeys(("subject_key_identifier", "authority_key_identifier", "subject_alternative_name"), text),
        **dict.fromkeys(("issuer_alternative_name", "subject_directory_attributes", "crl_distribution_points"), text),
        **dict.fromkeys(("inhibit_any_policy", "certificate_policies", "policy_mappings"), text),
        "private_key_usage_period_not_before": timestamp,
        "private_key_usage_period_not_after": timestamp,
    },
    needs_one=True,
)
