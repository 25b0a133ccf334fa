"""Fills the sample company: the same (contracts, seed, today, dirt) gives the same rows on every machine.

The rows are made by the server itself, in draw.sql and fill/*.sql; this file gives the parameters, the order, and the
swap at the end. A fill works in a database beside the one that it replaces, so a killed fill leaves the old one whole.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg2
from psycopg2 import sql

from sample.errors import SampleError
from sample.session import HERE, connect, execute, run_file, session

VERSION = 3  # of the generator: counts up when the same parameters give other rows
CONTRACTS = 200_000
SEED = 1
DIRT = {"rare": 0.05, "much": 1.0}
"""Every kind of dirt is there: as rare as where somebody looks after the data, or in plain sight."""
MOST_CONTRACTS = 100_000_000
MOST_SEED = 2**31 - 1

FIRST = ("1_plan", "2_company")
TOGETHER = (("3_contracts",), ("3_legacy", "3_clients", "3_movements"))  # one session each; they share no table

PARAMETERS = """
CREATE SCHEMA plan;
CREATE FUNCTION plan.contracts() RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN {contracts}::bigint;
CREATE FUNCTION plan.seed() RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN {seed}::bigint;
CREATE FUNCTION plan.today() RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN {today}::date;
CREATE FUNCTION plan.dirt() RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN {share}::float8;
CREATE TABLE public.sample_info AS
SELECT plan.contracts() AS contracts, plan.seed() AS seed, plan.today() AS today, {dirt}::text AS dirt,
       {version}::integer AS generator_version;
"""


def check(contracts: int, seed: int, today: dt.date) -> None:
    """Raises SampleError for parameters that no sample can be made of."""
    if not 1 <= contracts <= MOST_CONTRACTS:
        raise SampleError(f"A sample of {contracts:,} contracts cannot be made.",
                          f"ask for a number from 1 to {MOST_CONTRACTS:,}.")  # fmt: skip
    if not 0 <= seed <= MOST_SEED:
        raise SampleError(f"The seed {seed} cannot be used.", f"give a number from 0 to {MOST_SEED}.")
    if not 1980 <= today.year <= 2100:
        raise SampleError(f"The sample company cannot end on {today}.", "give a day from 1980 to 2100.")


def fill(url: str, *, contracts: int = CONTRACTS, seed: int = SEED, today: dt.date | None = None,
         dirt: str = "rare", database: str = "cloud") -> str:  # fmt: skip
    """Fill `database` of the server that `url` leads to, replacing it if it is there; returns its URL.

    `today` is the last day with contracts (default: the current date), `dirt` a word of DIRT. Raises SampleError for a
    number out of range.
    """
    today = today or dt.date.today()
    check(contracts, seed, today)
    building, old = f"{database}_filling", f"{database}_old"
    with closing(connect(_with_database(url, "postgres"))) as server:
        server.autocommit = True
        execute(server, "SET synchronous_commit = on")  # who is told "filled" finds it, even if the server is killed
        execute(server, sql.SQL("SELECT pg_advisory_lock(hashtext({}))").format(sql.Literal(database)))
        for leftover in (building, old):
            _drop(server, leftover)
        execute(server, sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(building)))
        parameters = {"contracts": contracts, "seed": seed, "today": today, "dirt": dirt, "share": DIRT[dirt]}
        _fill_new(_with_database(url, building), parameters)
        _swap(server, building, database, old)
        _drop(server, old)
    return _with_database(url, database)


def info(url: str) -> dict[str, Any] | None:
    """What the database at `url` was filled with: contracts, seed, today, dirt, generator_version; None when absent."""
    try:
        with closing(connect(url)) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT * FROM public.sample_info")
            return dict(zip([c.name for c in cursor.description], cursor.fetchone(), strict=True))
    except (psycopg2.OperationalError, psycopg2.errors.UndefinedTable):
        return None


def _fill_new(url: str, parameters: dict[str, Any]) -> None:
    with session(url) as connection:
        run_file(connection, HERE / "schema.sql")
        execute(
            connection,
            sql.SQL(PARAMETERS).format(**{k: sql.Literal(v) for k, v in (parameters | {"version": VERSION}).items()}),
        )
        run_file(connection, HERE / "draw.sql")
        _run_files(connection, FIRST)
    with ThreadPoolExecutor(len(TOGETHER)) as threads:
        list(threads.map(lambda names: _fill_part(url, names), TOGETHER))
        with session(url) as connection:
            execute(connection, "DROP SCHEMA plan CASCADE")
        list(threads.map(lambda tables: _vacuum(url, tables), ("sales.contracts", "")))


def _fill_part(url: str, names: tuple[str, ...]) -> None:
    with session(url) as connection:
        _run_files(connection, names)


def _vacuum(url: str, tables: str) -> None:
    """Statistics for the planner, and rows marked as seen, so that no later reader has to do it."""
    with closing(connect(url)) as connection:
        connection.autocommit = True
        execute(connection, f"VACUUM (FREEZE, ANALYZE, SKIP_LOCKED) {tables}")


def _swap(server: Any, building: str, name: str, old: str) -> None:
    """Old out, new in, in one transaction: whoever connects finds the one or the other. Sessions in the old one end."""
    names = {"building": building, "name": name, "old": old}
    with _transaction(server) as cursor:
        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname IN (%s, %s)",
                       (name, building))  # fmt: skip
        cursor.execute("SELECT FROM pg_database WHERE datname = %s", (name,))
        if cursor.fetchone() is not None:
            cursor.execute(_named("ALTER DATABASE {name} RENAME TO {old}", names))
        cursor.execute(_named("ALTER DATABASE {building} RENAME TO {name}", names))


def _drop(server: Any, name: str) -> None:
    execute(server, _named("DROP DATABASE IF EXISTS {name} WITH (FORCE)", {"name": name}))


def _named(statement: str, names: dict[str, str]) -> sql.Composed:
    return sql.SQL(statement).format(**{key: sql.Identifier(name) for key, name in names.items()})


@contextmanager
def _transaction(server: Any) -> Iterator[Any]:
    with server.cursor() as cursor:
        cursor.execute("BEGIN")
        try:
            yield cursor
        except BaseException:
            cursor.execute("ROLLBACK")
            raise
        cursor.execute("COMMIT")


def _run_files(connection: Any, names: tuple[str, ...]) -> None:
    for name in names:
        run_file(connection, HERE / "fill" / f"{name}.sql")


def _with_database(url: str, database: str) -> str:
    """The same server's other database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))
