"""Changes the sample company as a night of its business would: rows come, change and go, most of them the newest.

The same seed changes the same company in the same way, but for updated_at, which is the source's own time. The server
does it in one transaction, by change/*.sql; this file gives the parameters, and tells what was changed.
"""

from __future__ import annotations

from typing import Any

from psycopg2 import sql

from sample.errors import SampleError
from sample.generate import MOST_SEED, SEED, VERSION, info
from sample.session import HERE, execute, rows_of, run_file, session

ROWS = 1_000
MOST_MONTHS = 1_200
NEWEST = 50  # one in so many has the newest keys: 2 %
PARTS = ("1_company", "2_clients", "3_movements", "4_contracts")
KINDS = ("inserted", "updated", "deleted")

PARAMETERS = """
CREATE SCHEMA plan;
CREATE FUNCTION plan.rows() RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN {rows}::bigint;
CREATE FUNCTION plan.seed() RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN {seed}::bigint;
CREATE FUNCTION plan.last_contract() RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN {last}::bigint;
CREATE FUNCTION plan.newest_contracts() RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN {newest}::bigint;
CREATE FUNCTION plan.today() RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN {today}::date;
"""

SINCE = """
CREATE FUNCTION plan.since() RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(plan.now() - make_interval(months => {months}), '-infinity');
"""

Changed = dict[str, dict[str, int]]
"""Of each table that has changed: how many rows were inserted, updated and deleted."""


def check(rows: int, seed: int, months: int | None) -> None:
    """Raises SampleError for parameters by which no sample can be changed."""
    if rows < 1:
        raise SampleError(f"{rows:,} rows cannot be changed.", "ask for one row or more.")
    if not 0 <= seed <= MOST_SEED:
        raise SampleError(f"The seed {seed} cannot be used.", f"give a number from 0 to {MOST_SEED}.")
    if months is not None and not 1 <= months <= MOST_MONTHS:
        raise SampleError(f"The newest {months:,} months cannot be changed.",
                          f"give a number from 1 to {MOST_MONTHS:,}.")  # fmt: skip


def change(url: str, *, rows: int = ROWS, seed: int = SEED, months: int | None = None) -> Changed:
    """Insert, update and delete `rows` rows of the sample at `url` in one transaction; returns how many of each table.

    Nine in ten have the newest 2 % of their table's keys; the others are of all history, or of the newest `months`.
    Raises SampleError for a number out of range, or more rows than the newest 2 % of the contracts are.
    """
    check(rows, seed, months)
    filled = info(url)
    if filled is None or filled["generator_version"] != VERSION:
        raise SampleError("The sample was filled by another version of this project.", "python -m sample")
    with session(url) as connection:
        execute(connection, "SET random_page_cost = 1.1; SELECT pg_advisory_xact_lock(hashtext('change'))")
        ((contracts, last),) = rows_of(connection, "SELECT count(*), max(contract_id) FROM sales.contracts")
        newest = contracts // NEWEST
        if rows > newest:
            raise SampleError(f"{rows:,} rows are more than the newest 2 % of the sample's {contracts:,} contracts.",
                              f"ask for fewer, or fill it with {_needed(rows):,}: "
                              f"python -m sample --contracts {_needed(rows)}")  # fmt: skip
        ((lot,),) = rows_of(connection, "SELECT hashint8extended(%s, %s) & %s", last, seed, MOST_SEED)
        parameters = {"rows": rows, "seed": lot, "last": last, "newest": newest, "today": filled["today"]}
        literals = {name: sql.Literal(value) for name, value in {**parameters, "months": months}.items()}
        execute(connection, sql.SQL(PARAMETERS).format(**literals))
        run_file(connection, HERE / "draw.sql")
        execute(connection, sql.SQL(SINCE).format(**literals))
        for part in PARTS:
            run_file(connection, HERE / "change" / f"{part}.sql")
        done = rows_of(connection, "SELECT relation, kind, rows FROM plan.done WHERE rows > 0 ORDER BY relation")
        execute(connection, "DROP SCHEMA plan CASCADE")
    return _by_table(done)


def table(changed: Changed) -> str:
    """What was changed, one line a table and one for all of them."""
    lines = {**changed, "total": {kind: sum(each[kind] for each in changed.values()) for kind in KINDS}}
    width = max(map(len, lines))
    return "\n".join([f"{'':{width}}" + "".join(f"{kind:>12}" for kind in KINDS),
                      *(f"{name:{width}}" + "".join(f"{each[kind]:>12,}" for kind in KINDS)
                        for name, each in lines.items())])  # fmt: skip


def _needed(rows: int) -> int:
    """How many contracts a sample needs, a fifth of which are the outdated system's."""
    return rows * NEWEST * 4 // 3


def _by_table(done: list[tuple[Any, ...]]) -> Changed:
    changed: Changed = {}
    for name, kind, rows in done:
        changed.setdefault(name, dict.fromkeys(KINDS, 0))[kind] = rows
    return changed
