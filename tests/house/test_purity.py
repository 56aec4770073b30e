"""Below the store nothing reads a clock, a file, a socket, the environment or chance: judgement takes values and returns values.

import-linter holds the modules that may not be imported. This test holds what reaches the outside without such an import:
`datetime.now`, `open`, `uuid4`, key generation, the time zone of the machine. It does not look above the store.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.house.sources import BELOW_STORE, Source, complaints, full_name, origins, package_sources, snippet

MODULES = frozenset(
    {"asyncio", "concurrent", "multiprocessing", "sched", "select", "selectors", "signal", "subprocess", "threading"}
    | {"fcntl", "glob", "io", "mmap", "os", "pathlib", "pickle", "platform", "posix", "shelve", "shutil", "tempfile"}
    | {"http", "logging", "smtplib", "socket", "socketserver", "ssl", "psycopg", "sqlite3", "random", "secrets", "time"}
)
MODULE_PARTS = ("urllib.request", "urllib.error", "nacl.utils", "numpy.random")
BUILTINS = frozenset({"open", "input", "print", "exec", "eval", "compile", "__import__", "breakpoint"})
CALLS = {
    "uuid.uuid1": "chance and the machine's address",
    "uuid.uuid4": "chance",
    "uuid.uuid6": "chance and a clock",
    "uuid.uuid7": "chance and a clock",
    "uuid.getnode": "the machine's address",
    "datetime.datetime.now": "a clock",
    "datetime.datetime.utcnow": "a clock",
    "datetime.datetime.today": "a clock",
    "datetime.date.today": "a clock",
}
STREAMS = frozenset({"sys.stdin", "sys.stdout", "sys.stderr", "sys.argv", "sys.path", "sys.modules", "importlib.import_module"})
# Methods that do the same wherever they come from. `read_text`, `read_bytes`, `open` and `iterdir` are for shipped data alone.
METHODS = {
    "now": "a clock",
    "utcnow": "a clock",
    "today": "a clock",
    "generate": "chance",
    "generate_key": "chance",
    "urandom": "chance",
    "uuid4": "chance",
    "token_bytes": "chance",
    "getenv": "the environment",
    "environ": "the environment",
    "write_text": "a file",
    "write_bytes": "a file",
    "mkdir": "a file",
    "unlink": "a file",
    "rglob": "a file",
    "read_text": "a file",
    "read_bytes": "a file",
    "open": "a file",
    "iterdir": "a file",
}
SHIPPED_DATA = frozenset({"read_text", "read_bytes", "open", "iterdir"})


def reaches_outside(source: Source) -> Iterator[str]:
    if source.room not in BELOW_STORE:
        return
    imported = origins(source.tree)
    ships_data = any(name.startswith("importlib.resources") for name in imported.values())
    for node in ast.walk(source.tree):
        match node:
            case ast.Import(names):
                for name in names:
                    yield from _module(source, node, name.name)
            case ast.ImportFrom(module=str(module), names=names):
                for name in names:
                    yield from _module(source, node, f"{module}.{name.name}")
            case ast.Call(ast.Name(name)) if name in BUILTINS and name not in imported:
                yield source.at(node, f"{name}() reaches outside")
            case ast.Call(ast.Attribute(_, "astimezone"), args=[], keywords=[]):
                yield source.at(node, "astimezone() without a zone reads the machine's time zone")
            case ast.Name() | ast.Attribute():
                yield from _name(source, node, full_name(node, imported), ships_data=ships_data)


def _module(source: Source, node: ast.AST, name: str) -> Iterator[str]:
    if name.partition(".")[0] in MODULES or name.startswith(MODULE_PARTS) or name in CALLS:
        yield source.at(node, f"{name} may not be imported below the store")


def _name(source: Source, node: ast.Name | ast.Attribute, name: str, *, ships_data: bool) -> Iterator[str]:
    if name in CALLS:
        yield source.at(node, f"{name} reads {CALLS[name]}; it is an argument below the store")
    elif name in STREAMS:
        yield source.at(node, f"{name} reaches outside")
    elif name.startswith(MODULE_PARTS):
        yield source.at(node, f"{name} may not be used below the store")
    elif isinstance(node, ast.Attribute) and node.attr in METHODS and not (ships_data and node.attr in SHIPPED_DATA):
        yield source.at(node, f".{node.attr} reads {METHODS[node.attr]}; it is an argument below the store")


def test_nothing_below_the_store_reaches_outside() -> None:
    assert complaints(reaches_outside, package_sources()) == []


@pytest.mark.parametrize(
    "bad",
    [
        "from datetime import datetime\nat = datetime.now()",
        "from datetime import datetime as clock, UTC\nat = clock.now(UTC)",
        "import datetime\nat = datetime.datetime.utcnow()",
        "from datetime import date\non = date.today()",
        "from datetime import datetime\nread = datetime.now",
        "import time",
        "from time import monotonic",
        "import os.path",
        "from os import environ",
        "from pathlib import Path",
        "import random",
        "import secrets",
        "import socket",
        "import sqlite3",
        "import io",
        "from uuid import uuid4",
        "import uuid\nidentifier = uuid.uuid4()",
        "import urllib.request",
        "from urllib import request",
        "from nacl.utils import random as salt",
        "content = open('charter.toml')",
        "def read(path):\n    return path.read_text()",
        "def write(path):\n    path.write_bytes(b'')",
        "def key(kind):\n    return kind.generate()",
        "print('released')",
        "import sys\nsys.stderr.write('x')",
        "def local(at):\n    return at.astimezone()",
        "from importlib.resources import files\nfiles('accord').joinpath('x').write_text('')",
        "exec('x = 1')",
    ],
)
def test_what_reaches_outside_is_seen(bad: str) -> None:
    assert list(reaches_outside(snippet(bad))) != []
    assert list(reaches_outside(snippet(bad, "src/accord/store/records.py"))) == [], "the rule is for the floors below the store alone"


@pytest.mark.parametrize(
    "good",
    [
        "from datetime import datetime, UTC\nat = datetime.fromtimestamp(0, UTC)",
        "from datetime import UTC\ndef utc(at):\n    return at.astimezone(UTC)",
        "from importlib.resources import files\ntext = files('accord.charter').joinpath('sco', 'charter.toml').read_text()",
        "from uuid import UUID, uuid5\nidentifier = uuid5(UUID(int=0), 'x')",
        "from urllib.parse import urlsplit",
        "def open_signed(text):\n    return text\nopen_signed('')",
    ],
)
def test_judgement_on_values_is_not_mistaken_for_reaching_outside(good: str) -> None:
    assert list(reaches_outside(snippet(good))) == []
