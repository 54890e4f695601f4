"""Migrations: they lead to the tables that the code knows, run by the owner alone, and are numbered in one line."""

import importlib
import pkgutil
import re
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import create_engine

from provisioning.domain.caller import WayIn, nobody
from provisioning.store import tables
from provisioning.store.migrate import role_of, run_migrations
from provisioning.store.migrations import HEAD, versions
from provisioning.store.schema import is_current
from provisioning.store.tables import metadata

VERSIONS = Path(versions.__file__).parent
CATALOG = {
    "columns": """
        select table_name, column_name, data_type, udt_name, is_nullable, column_default, is_identity, is_generated,
               collation_name, character_maximum_length
        from information_schema.columns where table_schema = 'public'""",
    "indexes": "select tablename, indexname, indexdef from pg_indexes where schemaname = 'public'",
    "constraints": """
        select conrelid::regclass::text, conname, contype, pg_get_constraintdef(oid), convalidated, condeferrable
        from pg_constraint where connamespace = 'public'::regnamespace""",
    "sequences": "select sequencename from pg_sequences where schemaname = 'public'",
    "triggers": "select tgrelid::regclass::text, tgname from pg_trigger where not tgisinternal",
    "functions": "select proname from pg_proc where pronamespace = 'public'::regnamespace",
}


def catalog(url: str) -> dict[str, list[tuple]]:
    """Everything of the schema that PostgreSQL knows, but for alembic's own table."""
    with psycopg.connect(url) as connection:
        found = {name: connection.execute(query).fetchall() for name, query in CATALOG.items()}
    return {
        name: sorted((row for row in rows if "alembic_version" not in row[0]), key=str) for name, rows in found.items()
    }


@pytest.fixture
def empty_database(postgres_server):
    """Return a maker of empty databases of the owner; they go with the test."""
    names = []

    def make() -> str:
        names.append(f"m_{uuid4().hex}")
        postgres_server.admin(f"create database {names[-1]} owner {role_of(postgres_server.owner_url)}")
        return postgres_server.url("owner", names[-1])

    yield make
    for name in names:
        postgres_server.admin(f"drop database {name} with (force)")


@pytest.fixture
def service_role(postgres_server) -> str:
    return role_of(postgres_server.service_url)


def known_tables():
    """The metadata with every module of tables loaded."""
    for module in pkgutil.iter_modules(tables.__path__):
        importlib.import_module(f"{tables.__name__}.{module.name}")
    return metadata


@pytest.mark.parametrize("what", CATALOG)
def test_a_fresh_database_is_what_the_tables_say(empty_database, service_role, what):
    migrated, described = empty_database(), empty_database()
    run_migrations(migrated, service_role)
    engine = create_engine(described.replace("postgresql://", "postgresql+psycopg://", 1))
    known_tables().create_all(engine)
    engine.dispose()
    assert catalog(migrated)[what] == catalog(described)[what]


def test_the_comparison_sees_every_table(empty_database):
    migrated = empty_database()
    run_migrations(migrated, None)
    found = catalog(migrated)
    assert {row[0] for row in found["columns"]} == set(known_tables().tables)
    assert len(found["indexes"]) > len(found["columns"]) / 10
    assert (found["sequences"], found["triggers"], found["functions"]) == ([], [], [])


def test_running_them_again_changes_nothing(empty_database, service_role):
    url = empty_database()
    run_migrations(url, service_role)
    before = catalog(url)
    run_migrations(url, service_role)
    assert catalog(url) == before


def test_the_numbers_make_one_line_that_ends_at_head():
    names = sorted(path.stem for path in VERSIONS.glob("m*.py"))
    assert [re.fullmatch(r"m(\d{4})_[a-z_]+", name).group(1) for name in names] == [
        f"{number:04}" for number in range(1, len(names) + 1)
    ]
    modules = [importlib.import_module(f"{versions.__name__}.{name}") for name in names]
    assert [module.revision for module in modules] == [name[:5] for name in names]
    assert [module.down_revision for module in modules] == [None, *[name[:5] for name in names[:-1]]]
    assert modules[-1].revision == HEAD


def test_migrations_know_no_table_models_and_bring_their_sql_along():
    for path in VERSIONS.glob("m*.py"):
        assert "provisioning.store.tables" not in path.read_text(encoding="utf-8")
        assert path.with_suffix(".sql").stat().st_size > 0


def test_the_program_tells_whether_the_schema_is_its_own(services, postgres_server, empty_database, owner_sql):
    worker = nobody(WayIn.WORKER, None)
    with services.read(worker) as unit:
        assert is_current(unit.connection)
    owner_sql("update alembic_version set version_num = 'm9999'")
    with services.read(worker) as unit:
        assert not is_current(unit.connection)
    engine = create_engine(empty_database().replace("postgresql://", "postgresql+psycopg://", 1))
    with engine.connect() as connection:
        assert not is_current(connection)
    engine.dispose()


FORBIDDEN = [
    "alter table users add column more text",
    "alter table activity disable trigger all",
    "alter table activity owner to current_user",
    "drop table groups",
    "create table more (id text)",
    "create index more on users (email)",
    "create function f() returns int language sql as 'select 1'",
    "truncate users",
    "truncate activity",
    "update activity set actor_name = 'eve'",
    "delete from activity",
    "update activity_seals set digest = ''",
    "delete from activity_seals",
    "update alembic_version set version_num = 'm0000'",
    "delete from alembic_version",
    "insert into alembic_version values ('m0000')",
    "alter table users enable row level security",
    "create publication more for table users",
    "create schema more",
    "copy users to program 'true'",
    "set role postgres",
]


@pytest.mark.rule("OPS-3", "ACT-2")
@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_service_changes_neither_schema_nor_old_entries(account, sql, statement):
    before = sql("select * from activity order by id")
    assert before
    with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedObject)):
        sql(statement)
    assert sql("select * from activity order by id") == before


@pytest.mark.rule("OPS-3")
def test_the_service_is_an_ordinary_role(sql):
    assert sql(
        "select rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls from pg_roles"
        " where rolname = current_user"
    ) == [(False, False, False, False, False)]
    assert sql("select count(*) from pg_tables where tableowner = current_user") == [(0,)]


@pytest.mark.rule("OPS-3")
def test_where_owner_and_service_are_one_role_the_schema_still_comes_up(empty_database):
    url = empty_database()
    run_migrations(url, None)
    with psycopg.connect(url) as connection:
        assert connection.execute("select version_num from alembic_version").fetchall() == [(HEAD,)]
