"""Erasing on PostgreSQL: leave no byte of a deleted row in any file of the server's data directory.

PostgreSQL keeps a deleted row in its page until the page is written anew, and in the write-ahead log. (It would keep samples among the
statistics of a column, too; the columns that may hold content have none, see `postgres`.)
Vacuuming marks the place as free and leaves the bytes. So, in this order:
  1. nobody still reads a view in which the row is there, or rewriting would carry it along;
  2. every table is written anew with its indexes, and the old files are cut to nothing;
  3. every file of the write-ahead log is left behind, and those that wait to be used again are filled.
Standbys, archives of the log and base backups are other machines and files: docs/operating.md says what the operator owes there.
"""

from __future__ import annotations

import time
from typing import Any, TypeAlias

import psycopg
from psycopg import sql
from psycopg.errors import InsufficientPrivilege, LockNotAvailable

from accord.errors import Unready

READER_SECONDS_MAX = 5  # Seconds to wait for readers of older views. Pages are read in well under one; the next try comes soon.
TABLE_SECONDS_MAX = 2  # Seconds to wait for a table. Whoever asks after us waits behind us.
LOG_FILES_MAX = 1_024  # Files of 16 MiB to fill: 16 GiB, far beyond what a server keeps as it is shipped (1 GiB).
LOOK_SECONDS = 0.05

_Connection: TypeAlias = psycopg.Connection[tuple[Any, ...]]

_OLDER_READERS = """
select count(*) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and backend_xmin is not null and age(backend_xmin) > age(%(now)s::text::xid)
"""
_TABLES = """
select quote_ident(relname) from pg_class where relkind = 'r' and relnamespace = current_schema()::regnamespace order by relname
"""
_LAST_LOG_FILE = "select max(name) from pg_ls_waldir() where length(name) = 24"
_IS_BEHIND = "select pg_walfile_name(pg_current_wal_lsn()) > %(last)s"
_NEXT_LOG_FILE = "select pg_switch_wal() from (select pg_logical_emit_message(false, 'accord', 'next')) as written"


def scrub(connection: _Connection) -> bool:
    """Do it, and say whether it was done; False while a reader still needs what was deleted."""
    try:
        if not _readers_are_gone(connection):  # 1
            return False
        _rewrite(connection)  # 2
        _fill_log(connection)  # 3
    except LockNotAvailable:
        return False
    except InsufficientPrivilege as error:
        raise Unready(
            f"erased records stay in the database's files, because the server forbids to remove them: {str(error).splitlines()[0]}",
            remedy="grant what docs/operating.md names under PostgreSQL; erasing is done at the next look",
        ) from error
    return True


def _readers_are_gone(connection: _Connection) -> bool:
    row = connection.execute("select pg_current_xact_id()::xid::text").fetchone()
    assert row is not None
    end = time.monotonic() + READER_SECONDS_MAX
    while (readers := connection.execute(_OLDER_READERS, {"now": row[0]}).fetchone()) != (0,):
        assert readers is not None
        if time.monotonic() > end:
            return False
        time.sleep(LOOK_SECONDS)
    return True


def _rewrite(connection: _Connection) -> None:
    connection.execute(sql.SQL("set lock_timeout = {}").format(f"{TABLE_SECONDS_MAX}s"))
    try:
        for (table,) in connection.execute(_TABLES).fetchall():
            connection.execute(sql.SQL("vacuum (full) {}").format(sql.SQL(table)))
    finally:
        connection.execute("reset lock_timeout")


def _fill_log(connection: _Connection) -> None:
    """Go through every file that waits to be written again. A checkpoint first makes such files of all that are older than itself."""
    connection.execute(_NEXT_LOG_FILE)
    connection.execute("checkpoint")
    last = connection.execute(_LAST_LOG_FILE).fetchone()
    for _ in range(LOG_FILES_MAX):
        if connection.execute(_IS_BEHIND, {"last": last and last[0]}).fetchone() == (True,):
            break
        connection.execute(_NEXT_LOG_FILE)
    connection.execute("checkpoint")
