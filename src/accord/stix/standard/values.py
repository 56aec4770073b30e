"""The forms of values that STIX takes from other standards: addresses, names and codes of the Internet and its registries.

Each function answers whether a text has the form. Nothing is resolved, fetched or looked up in a registry.
"""

from __future__ import annotations

import re
import unicodedata
from ipaddress import AddressValueError, IPv6Address
from typing import Final

DOMAIN_CHARACTERS_MAX: Final = 253  # RFC 1035, 2.3.4, without the closing dot.
LABEL_CHARACTERS_MAX: Final = 63  # RFC 1035, 2.3.4.
ADDRESS_CHARACTERS_MAX: Final = 1_000  # Characters of an address with its zone; RFC 4007 has no limit of its own.

# RFC 3986, appendix A. Runs of plain characters are taken at once, so that a long address costs one step a run.
_PLAIN: Final = r"A-Za-z0-9\-._~!$&'()*+,;="  # unreserved and sub-delims
_PERCENT: Final = r"%[0-9A-Fa-f]{2}"
_USER: Final = rf"(?:[{_PLAIN}:]++|{_PERCENT})*+@"
_HOST: Final = rf"(?:\[(?:[0-9A-Fa-f:.]++|v[0-9A-Fa-f]++\.[{_PLAIN}:]++)\]|(?:[{_PLAIN}]++|{_PERCENT})*+)"
_PATH: Final = rf"(?:[{_PLAIN}:@/]++|{_PERCENT})*+"
_TAIL: Final = rf"(?:[{_PLAIN}:@/?]++|{_PERCENT})*+"
_URI: Final = re.compile(
    rf"[A-Za-z][A-Za-z0-9+.-]*+:(?://(?:{_USER})?{_HOST}(?::[0-9]*+)?(?:/{_PATH})?|(?!//){_PATH})(?:\?{_TAIL})?(?:\#{_TAIL})?"
)
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\U0010ffff-]+"
_MAILBOX: Final = re.compile(rf'(?:{_ATOM}(?:\.{_ATOM})*+|"(?:[^"\\\r\n]|\\[^\r\n])*+")@(?:{_ATOM}(?:\.{_ATOM})*+|\[[^\[\]\\\s]*\])')
_OCTET: Final = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4: Final = re.compile(rf"(?:{_OCTET}\.){{3}}{_OCTET}(?:/(?:3[0-2]|[12]?[0-9]))?")
_IPV6_MASK: Final = re.compile(r"12[0-8]|1[01][0-9]|[1-9]?[0-9]")
_LABEL: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")
_JOINERS: Final = frozenset("-\u200c\u200d\u00b7\u0375\u05f3\u05f4\u30fb")  # RFC 5892, 2.6 and appendix A; and the hyphen.
_REGISTRY_HIVE: Final = re.compile(r"(?:HKLM|HKCC|HKCR|HKCU|HKU)(?:\\|\Z)", re.IGNORECASE)

# CPE 2.3 formatted string, NISTIR 7695, 6.2: thirteen parts; a part is a value with its special characters escaped, or * or -.
_CPE_PART: Final = r"(?:[*-]|\?*\*?(?:[A-Za-z0-9._-]|\\[!-/:-@\[-`{-~])+(?:\?+|\*)?)"
_CPE: Final = re.compile(
    rf"cpe:2\.3:[aho*-](?::{_CPE_PART}){{5}}:(?:[A-Za-z]{{2,3}}(?:-(?:[A-Za-z]{{2}}|[0-9]{{3}}))?|[*-])(?::{_CPE_PART}){{4}}"
)


def is_uri(text: str) -> bool:
    """RFC 3986, 3: with a scheme."""
    return _URI.fullmatch(text) is not None


def is_mailbox(text: str) -> bool:
    """RFC 5322, 3.4.1: an addr-spec without a display name; letters beyond ASCII by RFC 6532."""
    return _MAILBOX.fullmatch(text) is not None


def is_domain_name(text: str) -> bool:
    """RFC 1034, 3.5, and RFC 5890: labels of letters, digits and hyphens, or of letters beyond ASCII."""
    name = text.removesuffix(".")
    return 0 < len(name) <= DOMAIN_CHARACTERS_MAX and all(map(_is_label, name.split(".")))


def _is_label(label: str) -> bool:
    if label.isascii():
        return len(label) <= LABEL_CHARACTERS_MAX and _LABEL.fullmatch(label) is not None
    if len(label) > LABEL_CHARACTERS_MAX or label.startswith("-") or label.endswith("-"):
        return False
    return all(character in _JOINERS or unicodedata.category(character)[0] in "LMN" for character in label)


def is_ipv4(text: str) -> bool:
    """An IPv4 address, or several of them in CIDR notation (RFC 4632)."""
    return _IPV4.fullmatch(text) is not None


def is_ipv6(text: str) -> bool:
    """An IPv6 address (RFC 4291, 2.2), or several of them in CIDR notation."""
    if len(text) > ADDRESS_CHARACTERS_MAX:
        return False
    address, slash, mask = text.partition("/")
    try:
        IPv6Address(address)
    except AddressValueError:
        return False
    return not slash or _IPV6_MASK.fullmatch(mask) is not None


def is_cpe(text: str) -> bool:
    """NISTIR 7695: the formatted string of CPE 2.3."""
    return _CPE.fullmatch(text) is not None


def is_registry_key(text: str) -> bool:
    """STIX 2.1, 6.17: the hive is written in full."""
    return _REGISTRY_HIVE.match(text) is None
