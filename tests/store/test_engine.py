"""The connection: how it is set, and what each fault of the database means, tried with real faults."""

import threading
from dataclasses import replace

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from provisioning.domain.caller import WayIn, nobody
from provisioning.domain.errors import Code, Refusal
from provisioning.store.engine import (
    STATEMENT_TIMEOUT_MS,
    Conflict,
    QueryCancelled,
    Unavailable,
    open_database,
    state_of,
    translated,
)

NOBODY = nobody(WayIn.WORKER, None)


def meaning_of(action) -> Exception:
    with pytest.raises(SQLAlchemyError) as fault:
        action()
    return translated(fault.value)


def test_connections_have_time_limits_and_speak_utc(services):
    with services.database.reader.connect() as connection:
        shown = {name: connection.execute(text(f"show {name}")).scalar() for name in (
            "statement_timeout", "timezone", "idle_in_transaction_session_timeout", "application_name")}  # fmt: skip
    assert shown == {
        "statement_timeout": f"{STATEMENT_TIMEOUT_MS // 1000}s",
        "timezone": "UTC",
        "idle_in_transaction_session_timeout": "1min",
        "application_name": "gatelodge",
    }


def test_the_reader_stands_alone_and_the_writer_is_one_transaction(services, sql):
    with services.database.reader.connect() as connection:
        connection.execute(text("insert into pending_logins values ('a', '{}', now(), now(), null)"))
        assert sql("select secret_hash from pending_logins") == [("a",)]
    with services.database.writer.connect() as connection:
        connection.execute(text("delete from pending_logins"))
        assert sql("select secret_hash from pending_logins") == [("a",)]
        connection.rollback()


def test_behind_a_pooler_nothing_is_prepared_on_the_server(database_url):
    for prepare, threshold in ((True, 5), (False, None)):
        database = open_database(database_url, pool_size=1, prepare=prepare)
        with database.reader.connect() as connection:
            assert connection.connection.driver_connection.prepare_threshold == threshold
        database.close()


@pytest.fixture
def two_rows(sql) -> None:
    for name in ("a", "b"):
        sql("insert into pending_logins values (%s, '{}', now(), now(), null)", name)


def update_of(name: str):
    return text(f"update pending_logins set used_at = now() where secret_hash = '{name}'")


def test_a_deadlock_asks_for_another_run(services, two_rows):
    ready, meanings = threading.Barrier(2), []

    def lock_in_turn(first: str, second: str) -> None:
        try:
            with services.database.writer.begin() as connection:
                connection.execute(update_of(first))
                ready.wait(10)
                connection.execute(update_of(second))
        except DBAPIError as fault:
            meanings.append(translated(fault))

    threads = [threading.Thread(target=lock_in_turn, args=pair) for pair in (("a", "b"), ("b", "a"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [type(meaning) for meaning in meanings] == [Conflict]
    assert str(meanings[0]) == "40P01"


def test_a_serialization_failure_asks_for_another_run(services, two_rows, sql):
    engine = services.database.writer.execution_options(isolation_level="REPEATABLE READ")

    def late_update() -> None:
        with engine.begin() as connection:
            connection.execute(text("select * from pending_logins"))
            sql("update pending_logins set used_at = now()")
            connection.execute(update_of("a"))

    meaning = meaning_of(late_update)
    assert isinstance(meaning, Conflict)
    assert str(meaning) == "40001"


@pytest.mark.rule("SCM-7")
def test_a_query_that_takes_too_long_is_told_apart(services):
    def slow() -> None:
        with services.database.writer.begin() as connection:
            connection.execute(text("set local statement_timeout = 20"))
            connection.execute(text("select pg_sleep(5)"))

    assert isinstance(meaning_of(slow), QueryCancelled)


def test_a_connection_that_the_server_closed_is_unavailable_and_the_next_one_works(services, postgres_server):
    def closed() -> None:
        with services.database.writer.begin() as connection:
            process = connection.execute(text("select pg_backend_pid()")).scalar()
            postgres_server.admin(f"select pg_terminate_backend({process})")
            connection.execute(text("select 1"))

    assert isinstance(meaning_of(closed), Unavailable)
    with services.read(NOBODY) as unit:
        assert unit.connection.execute(text("select 1")).scalar() == 1


def test_a_server_that_is_not_there_is_unavailable_through_units_and_reads(services):
    database = open_database("postgresql://nobody:nothing@127.0.0.1:1/nothing", pool_size=1)
    away = replace(services, database=database)
    for open_one in (away.unit, away.read):
        with pytest.raises(Unavailable), open_one(NOBODY) as unit:
            unit.connection.execute(text("select 1"))


def test_a_pool_in_which_every_connection_is_in_use_is_unavailable(services, database_url):
    database = open_database(database_url, pool_size=1)
    database.reader.pool._timeout = 0.05
    with database.reader.connect(), pytest.raises(Unavailable), replace(services, database=database).read(NOBODY):
        pass
    database.close()


@pytest.mark.rule("LIM-3", "LIM-7")
@pytest.mark.parametrize(
    "statement",
    [
        "insert into pending_logins values ('a', '\"\\u0000\"', now(), now(), null)",
        "select chr(0)",
        "select 99999999999::integer",
        "select '2026-13-45'::timestamptz",
        "insert into pending_logins select string_agg(md5(n::text), ''), '{}', now(), now(), null"
        " from generate_series(1, 1000) n",
    ],
)
def test_a_value_that_cannot_be_stored_is_refused_as_a_value(services, statement):
    def store() -> None:
        with services.database.writer.begin() as connection:
            connection.exec_driver_sql(statement)

    meaning = meaning_of(store)
    assert isinstance(meaning, Refusal)
    assert meaning.code is Code.INVALID_VALUE


def test_a_fault_of_ours_stays_what_it_is(services):
    def wrong() -> None:
        with services.database.writer.begin() as connection:
            connection.execute(text("select no_such_column from users"))

    with pytest.raises(DBAPIError) as fault:
        wrong()
    assert translated(fault.value) is fault.value
    assert state_of(fault.value) == psycopg.errors.UndefinedColumn.sqlstate
