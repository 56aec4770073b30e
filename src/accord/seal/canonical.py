"""The one form of a JSON object that is hashed, signed, stored and served: RFC 8785, JSON Canonicalization Scheme.

`read` is the only parser of what comes from outside. It takes what every member's JSON library reads alike (I-JSON, RFC 7493) and refuses the
rest, naming the limit. It does not know STIX or any other shape: that is for the rooms above.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from typing import Final, NewType, NoReturn, TypeAlias

import orjson
import rfc8785

from accord.errors import LimitReached, Malformed

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"
Fields: TypeAlias = dict[str, JSON]

OBJECT_BYTES_MAX: Final = (
    2**20
)  # Bytes of one object, as received and as canonical. The largest of 100,000 public STIX objects has a tenth.
DEPTH_MAX: Final = 64  # Arrays and objects within one another. STIX needs about ten; every common parser reads 64 without a setting.
INTEGER_MAX: Final = 2**53 - 1  # Beyond it neighbouring integers are one number in a double (RFC 7493, 2.2), so readers would differ.

Digest = NewType("Digest", bytes)  # SHA-256, 32 bytes

_DIGEST_TEXT: Final = re.compile(r"sha256:[0-9a-f]{64}")
_INTEGER_CHARACTERS_MAX: Final = (
    17  # A sign and the sixteen digits of INTEGER_MAX; longer ones are refused unread, for reading them is slow.
)


def read(raw: bytes, *, bytes_max: int = OBJECT_BYTES_MAX) -> JSON:
    """Parse one JSON text (RFC 8259) strictly.

    Raises `LimitReached` naming OBJECT_BYTES_MAX, DEPTH_MAX or INTEGER_MAX (which also bounds fractions and covers what is not finite), and
    `Malformed` for all else: a key twice in one object, invalid UTF-8, a byte order mark, a lone surrogate, anything after the end.
    """
    value = _parsed(raw, bytes_max)
    _survey(value)
    return value if _colons_agree(raw, orjson.dumps(value)) else _read_thoroughly(raw)


def read_canonical(raw: bytes, *, bytes_max: int = OBJECT_BYTES_MAX) -> tuple[JSON, bytes]:
    """Parse as `read` does and give the canonical form too; `bytes_max` holds for both, since a short number may have a long canonical form."""
    value = _parsed(raw, bytes_max)
    written = _written(value)
    if not _colons_agree(raw, written):
        value = _read_thoroughly(raw)
        written = _written(value)
    _check_size(written, bytes_max)
    return value, written


def canonical(value: JSON) -> bytes:
    """Write a value in its canonical form (RFC 8785, 3.2).

    What `read` would refuse is refused here as well, save the size. A value that is not JSON at all is a `TypeError`.
    """
    return _written(value)


def digest_of(content: bytes) -> Digest:
    """Give the SHA-256 digest of bytes as they are."""
    return Digest(hashlib.sha256(content).digest())


def digest_text(digest: Digest) -> str:
    """Write a digest as ``sha256:`` and 64 lower-case hexadecimal digits."""
    return f"sha256:{digest.hex()}"


def parse_digest(text: str) -> Digest:
    """Read what `digest_text` writes, and only that."""
    if not _DIGEST_TEXT.fullmatch(text):
        raise Malformed("a digest is written sha256: and 64 lower-case hexadecimal digits; this is not")
    return Digest(bytes.fromhex(text[7:]))


def _parsed(raw: bytes, bytes_max: int) -> JSON:
    _check_size(raw, bytes_max)
    try:
        value: JSON = orjson.loads(raw)
    except orjson.JSONDecodeError as refusal:
        _read_thoroughly(raw)  # It names the limit or the place; the two readers agree, which a property test holds.
        raise Malformed("not JSON") from refusal
    return value


def _check_size(content: bytes, bytes_max: int) -> None:
    if len(content) > bytes_max:
        raise LimitReached("OBJECT_BYTES_MAX", f"an object of {len(content):,} bytes; at most {bytes_max:,} are taken")


def _colons_agree(raw: bytes, written: bytes) -> bool:
    r"""Say whether no key can have been dropped, without a second parse.

    The parser keeps the last of two equal keys. Every key brings one colon, and colons in strings are written as they were read, so a
    dropped key leaves fewer colons than came. Only an escaped colon (``\u003a``) could make up for one.
    """
    if raw == written:  # What came in canonical form, as from another node, can hold no key twice.
        return True
    if b"\\" in raw and (b"\\u003a" in raw or b"\\u003A" in raw):
        return False
    return raw.count(b":") == written.count(b":")


def _written(value: JSON) -> bytes:
    is_plain = _survey(value)
    try:
        # orjson orders keys by code point and writes numbers in its own way; both are RFC 8785 when keys are ASCII and no number is a float.
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS) if is_plain else rfc8785.dumps(value)
    except (orjson.JSONEncodeError, rfc8785.CanonicalizationError, UnicodeEncodeError) as refusal:
        raise Malformed("a string holds a lone surrogate, which has no UTF-8 form") from refusal


def _survey(value: JSON) -> bool:
    """Check depth and numbers; say whether all keys are ASCII and no number is a float."""
    is_plain = True
    level: list[list[JSON] | dict[str, JSON]] = [[value]]
    for _ in range(DEPTH_MAX + 1):
        deeper: list[list[JSON] | dict[str, JSON]] = []
        for container in level:
            if type(container) is dict:
                if not "".join(container).isascii():  # One call for all keys, and a TypeError for a key that is not text.
                    is_plain = False
                members: Iterable[JSON] = container.values()
            else:
                members = container
            for member in members:
                kind = type(member)
                if kind is str:
                    continue
                if type(member) is dict or type(member) is list:
                    deeper.append(member)
                elif not _is_plain(member):
                    is_plain = False
        if not deeper:
            return is_plain
        level = deeper
    raise LimitReached("DEPTH_MAX", f"arrays and objects more than {DEPTH_MAX} deep")


def _is_plain(member: JSON) -> bool:
    if member is None or isinstance(member, (bool, str)):
        return True
    if type(member) is int or type(member) is float:
        if not -INTEGER_MAX <= member <= INTEGER_MAX:
            _refuse_number()
        return type(member) is int
    raise TypeError(f"not a JSON value: {type(member).__name__}")


def _refuse_number() -> NoReturn:
    raise LimitReached("INTEGER_MAX", "a number beyond ±(2^53-1), or not finite", remedy="write it as a string")


def _read_thoroughly(raw: bytes) -> JSON:
    """Parse with the standard library, looking at every key: slower than `read`, and equal to it."""
    try:
        text = raw.decode("utf-8")
        value: JSON = json.loads(
            text, object_pairs_hook=_object, parse_int=_integer, parse_float=_fraction, parse_constant=_refuse_constant
        )
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except json.JSONDecodeError as fault:
        raise Malformed(f"not JSON: {fault.msg} at line {fault.lineno}, column {fault.colno}") from fault
    except UnicodeDecodeError as fault:
        raise Malformed(f"not UTF-8: byte {fault.start}") from fault
    except UnicodeEncodeError as fault:
        raise Malformed("a string holds a lone surrogate, which has no UTF-8 form") from fault
    except RecursionError as fault:
        raise LimitReached("DEPTH_MAX", f"arrays and objects more than {DEPTH_MAX} deep") from fault
    _survey(value)
    return value


def _object(pairs: list[tuple[str, JSON]]) -> Fields:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise Malformed("a key stands twice in one object", remedy="readers would differ on which one counts; send it once")
    return fields


def _integer(text: str) -> int:
    if len(text) > _INTEGER_CHARACTERS_MAX:
        _refuse_number()
    return int(text)


def _fraction(text: str) -> float:
    number = float(text)
    if not -INTEGER_MAX <= number <= INTEGER_MAX:
        _refuse_number()
    return number


def _refuse_constant(_: str) -> NoReturn:
    raise Malformed("not JSON: NaN and Infinity are not numbers there")
