"""Hash values as STIX writes them: which form a value has under the name of each algorithm.

STIX 2.1, 2.7 and 10.9 (hash-algorithm-ov). An algorithm that is not in the table has no form that could be checked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

# STIX 2.1, 10.9: the names exactly as the vocabulary writes them.
HASH_FORMS: Final[Mapping[str, re.Pattern[str]]] = MappingProxyType(
    {
        "MD5": re.compile(r"[a-fA-F0-9]{32}"),
        "SHA-1": re.compile(r"[a-fA-F0-9]{40}"),
        "SHA-256": re.compile(r"[a-fA-F0-9]{64}"),
        "SHA-512": re.compile(r"[a-fA-F0-9]{128}"),
        "SHA3-256": re.compile(r"[a-fA-F0-9]{64}"),
        "SHA3-512": re.compile(r"[a-fA-F0-9]{128}"),
        "SSDEEP": re.compile(r"[a-zA-Z0-9/+:.]{1,128}"),
        "TLSH": re.compile(r"[a-zA-Z0-9]{70}"),
    }
)

# In patterns older names are in use; they are compared without case, hyphens and quotes. TLSH is left out: patterns carry its newer, prefixed form.
_HEXADECIMAL_DIGITS: Final[Mapping[str, tuple[int, ...]]] = MappingProxyType(
    {
        "MD5": (32,),
        "MD6": (32, 40, 56, 64, 96, 128),
        "RIPEMD160": (40,),
        "SHA1": (40,),
        "SHA224": (56,),
        "SHA256": (64,),
        "SHA384": (96,),
        "SHA512": (128,),
        "SHA3224": (56,),
        "SHA3256": (64,),
        "SHA3384": (96,),
        "SHA3512": (128,),
        "WHIRLPOOL": (128,),
    }
)
_HEXADECIMAL: Final = re.compile(r"[a-fA-F0-9]*")


def may_be_hash(*, algorithm: str, value: str) -> bool:
    """Say whether a value can be a hash by this algorithm, its name written in any of the usual ways; what is unknown may be."""
    name = algorithm.upper().replace("-", "").replace("'", "")
    if name == "SSDEEP":
        return HASH_FORMS["SSDEEP"].fullmatch(value) is not None
    digits = _HEXADECIMAL_DIGITS.get(name)
    return digits is None or (len(value) in digits and _HEXADECIMAL.fullmatch(value) is not None)
