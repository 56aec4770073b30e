"""PostgreSQL as the database: what only a server can do to a node, and that what was erased is in none of its files."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import psycopg
import pytest

from accord.errors import Unready
from accord.store import erasure
from accord.store.database import Database, open_database
from accord.store.postgres import Postgres
from accord.store.statements import migrations
from tests.databases import Server, dsn_file, server, tamper

SECRET = "zugzwangling"  # A word that stands in no other file of the server.


@pytest.fixture
def dsn() -> str:
    return server().create()


@pytest.fixture
def base(tmp_path: Path, dsn: str) -> Iterator[Database]:
    opened = open_database(dsn_file(tmp_path, dsn))
    yield opened
    opened.close()


def _end_connections(dsn: str) -> None:
    text = "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(text)


def _position(base: Database, name: str) -> int | None:
    with base.reading() as transaction:
        row = transaction.one("progress_of", name=name)
    return None if row is None else int(row[0])


def test_the_portable_text_becomes_the_drivers() -> None:
    engine = Postgres("")
    text = "-- Says :what: 100 % of it.\nselect a from b where c = :c and d like '%:e' and f % :g = 0"
    assert "\nselect a from b where c = %(c)s and d like '%%:e' and f %% %(g)s = 0" == engine.text(text)
    table = "create table a (b blob not null, c text not null default 'a text', d bigint)"
    assert [
        "create table a (b bytea not null, c text collate \"C\" not null default 'a text', d bigint)",
        "alter table a alter column b set statistics 0",
        "alter table a alter column c set statistics 0",
    ] == engine.definition(table).split("; ")
    assert "update a set c = cast(d as text)" == engine.definition("update a set c = cast(d as text)")


@pytest.mark.parametrize(
    ("written", "says"),
    [
        (None, "cannot be read"),
        ("host=127.0.0.1 password='geheim", "DSN cannot be read"),
        ("postgresql://accord:geheim@127.0.0.1:1/accord", "does not answer"),
    ],
)
def test_a_server_that_cannot_be_reached_is_the_operators_turn_and_no_secret_is_told(
    tmp_path: Path, written: str | None, says: str
) -> None:
    path = tmp_path / "node.dsn"
    if written is not None:
        path.write_text(written)
    with pytest.raises(Unready, match=says) as error:
        open_database(path)
    assert "geheim" not in f"{error.value.says} {error.value.remedy} {Postgres(written or '')!r}"


def test_a_database_that_cannot_keep_every_text_is_refused(tmp_path: Path) -> None:
    admin = server()
    with psycopg.connect(admin.dsn, autocommit=True) as connection:
        connection.execute("create database accord_latin template template0 encoding 'LATIN1' locale 'C'")
    admin.made.append("accord_latin")
    with pytest.raises(Unready, match="LATIN1, expected UTF8"):
        open_database(dsn_file(tmp_path, psycopg.conninfo.make_conninfo(admin.dsn, dbname="accord_latin")))


def test_texts_order_by_code_point_whatever_language_the_database_speaks(tmp_path: Path) -> None:
    admin = server()
    with psycopg.connect(admin.dsn, autocommit=True) as connection:
        try:
            connection.execute(
                "create database accord_en template template0 encoding 'UTF8' locale_provider icu icu_locale 'en' locale 'C'"
            )
        except psycopg.errors.FeatureNotSupported:
            pytest.skip("this server was built without ICU")
    admin.made.append("accord_en")
    base = open_database(dsn_file(tmp_path, psycopg.conninfo.make_conninfo(admin.dsn, dbname="accord_en")))
    with base.writing() as transaction:
        for name in ("b", "B", "a", "Z"):
            transaction.run("officer_add", name=name, tlp=4, role="officer", added_at="")
        assert ["B", "Z", "a", "b"] == [row[0] for row in transaction.all("officers")]
        assert [("a",), ("b",)] == tamper(transaction, "select name from officer where name > :least order by name", least="Z")
    base.close()


def test_nodes_that_open_an_empty_database_at_once_apply_each_migration_once(tmp_path: Path, dsn: str) -> None:
    program = "import sys, pathlib\nfrom accord.store.database import open_database\nopen_database(pathlib.Path(sys.argv[1])).close()\n"
    path = dsn_file(tmp_path, dsn)
    processes = [subprocess.Popen([sys.executable, "-c", program, str(path)]) for _ in range(4)]
    assert [0, 0, 0, 0] == [process.wait() for process in processes]
    base = open_database(path)
    with base.reading() as transaction:
        assert [(migration.number,) for migration in migrations()] == transaction.all("migrations_done")
    base.close()


def test_a_connection_that_ended_while_nobody_used_it_is_replaced_unseen(base: Database, dsn: str) -> None:
    assert _position(base, "work") is None
    _end_connections(dsn)
    with base.writing() as transaction:
        transaction.run("progress_set", name="work", position=1)
    assert 1 == _position(base, "work")


def test_a_connection_lost_in_the_act_keeps_nothing_and_is_the_operators_turn(base: Database, dsn: str) -> None:
    def lose_it() -> None:
        with base.writing() as transaction:
            transaction.run("progress_set", name="work", position=1)
            _end_connections(dsn)
            transaction.run("progress_set", name="work", position=2)

    with pytest.raises(Unready, match="connection to the database was lost") as error:
        lose_it()
    assert "look whether the last act was kept" in error.value.remedy
    assert _position(base, "work") is None


def test_a_writer_that_waits_too_long_for_another_is_told_so(base: Database) -> None:
    with base.reading() as transaction:
        tamper(transaction, "set lock_timeout = '50ms'")  # Stays with the connection, which is the next to be used.
    begun, let_go = Event(), Event()

    def hold() -> None:
        with base.writing():
            begun.set()
            let_go.wait(30)

    with base.reading():  # The impatient connection is in use here, so that the thread has another one.
        holder = Thread(target=hold)
        holder.start()
        assert begun.wait(30)
    with pytest.raises(Unready, match="did not answer within 30 s"), base.writing():
        pass
    let_go.set()
    holder.join()


def test_a_server_that_takes_no_writes_is_the_operators_turn(base: Database) -> None:
    with base.reading() as transaction:
        tamper(transaction, "set default_transaction_read_only = on")
    with pytest.raises(Unready, match="takes no writes"), base.writing() as transaction:
        transaction.run("progress_set", name="work", position=1)


def test_an_act_that_goes_on_after_a_failed_statement_is_a_mistake_of_ours(base: Database) -> None:
    def go_on() -> None:
        with base.writing() as transaction, pytest.raises(psycopg.errors.UndefinedTable):
            tamper(transaction, "select 1 from nowhere")

    with pytest.raises(AssertionError, match="after a statement that failed"):
        go_on()


def test_no_byte_of_what_was_erased_is_left_in_any_file_of_the_server(base: Database, dsn: str) -> None:
    place = _data(server())
    _keep_secrets(base)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("analyze")
        connection.execute("checkpoint")
    assert len(_files_with(place, SECRET)) >= 4  # Two tables, an index, and the log; the statistics of columns hold nothing of it.
    _erase_secrets(base)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("vacuum")
        connection.execute("checkpoint")
    assert [] != _files_with(place, SECRET), "were vacuuming enough, scrubbing would not be needed"
    assert base.forget()
    assert [] == _files_with(place, SECRET)


def test_forgetting_at_hand_leaves_a_server_to_the_worker(base: Database) -> None:
    with base.writing() as transaction:
        erasure.note_to_forget(transaction)
    erasure.forget_at_hand(base)
    assert 1 == _position(base, "to forget")
    assert erasure.forget(base)
    assert not _position(base, "to forget")


def test_forgetting_waits_for_a_reader_of_an_older_view(base: Database, dsn: str, tmp_path: Path) -> None:
    place = _data(server())
    _keep_secrets(base)
    with base.reading() as before:
        assert 400 == len(before.all("officers"))
        _erase_secrets(base)
        assert not base.forget()
        assert 400 == len(before.all("officers"))
    fresh = open_database(dsn_file(tmp_path, dsn))  # Another process, which has not just tried.
    assert fresh.forget()
    assert [] == _files_with(place, SECRET)
    fresh.close()


def _data(one: Server) -> Path:
    if one.folder is None:
        pytest.skip("the files of a server that runs elsewhere are not ours to read")
    return one.folder / "base"


def _files_with(folder: Path, word: str) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and word.encode() in path.read_bytes())


def _keep_secrets(base: Database) -> None:
    with base.writing() as transaction:
        for number in range(400):
            word = f"{SECRET} {number}"
            transaction.run("content_add", collection="holdings", digest=number.to_bytes(32, "big"), body=word.encode() * 9)
            transaction.run("officer_add", name=word, tlp=4, role="officer", added_at=word)


def _erase_secrets(base: Database) -> None:
    with base.writing() as transaction:
        for number in range(400):
            transaction.run("content_erase", collection="holdings", digest=number.to_bytes(32, "big"))
        tamper(transaction, "delete from officer")
