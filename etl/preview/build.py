"""Building a star table from a slice, with what it needs of other tables, as a night builds it: in this process."""

from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

from config import Settings
from etl.company.corrections import read_corrections
from etl.company.plan import Plan, make_plan
from etl.company.tables import NIGHT, TableFile, read_tables
from etl.core.fingerprint import fingerprint
from etl.core.runs import Store
from etl.receipts.level import Level
from etl.transform.balance import check_balance
from etl.transform.context import Context, personal_columns
from etl.transform.correct import check_corrections
from etl.transform.entry import star_table
from etl.transform.hiding import hidden_columns, key_of
from etl.transform.night import night_of
from etl.transform.runner import Result, run_plan
from etl.transform.stage import make_rooms

_MORE = 100
"""Times as many rows of what a table refers to, or reads besides, as of the table itself: so that most is found."""


class Here(Executor):
    """Does what it is given at once, in this process."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Do it; the future has its result, or what it raised."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def needed(tables: Mapping[str, TableFile], name: str) -> list[str]:
    """Name a table and all tables that it needs to be there."""
    found, open_ones = [name], [name]
    while open_ones:
        for other in sorted(tables[open_ones.pop()].inputs):
            if other in tables and other not in found:
                found.append(other)
                open_ones.append(other)
    return found


def limits(tables: Mapping[str, TableFile], name: str, rows: int) -> dict[str, int]:
    """Say how many rows of each query are wanted for the preview of a table."""
    found: dict[str, int] = {}
    for each in needed(tables, name):
        for query in sorted(tables[each].inputs - {NIGHT}):
            if query not in tables:
                found[query] = min(found.get(query, rows * _MORE), _of(tables[each], query, name, rows))
    return found


def _of(table: TableFile, query: str, name: str, rows: int) -> int:
    """Say how many rows of a query are wanted, for the table that reads it."""
    contract = table.contract
    is_own = query in (contract.rows_of or table.build.parameters[:1])
    is_summarized = any(partial.parameters[0] == query for partial in table.partials)
    is_long = (query in contract.stream and not contract.is_dimension) or is_summarized
    return rows if (table.name == name and is_own) or is_long else rows * _MORE


def plan_of(settings: Settings, queries: list[str], name: str) -> tuple[Mapping[str, TableFile], Plan]:
    """Read the tables and plan what is to be built for one of them: with all checks that a night makes of them."""
    tables = read_tables(settings.tables_dir)
    return tables, make_plan(tables, queries, tuple(needed(tables, name)))


def build(settings: Settings, store: Store, plan: Plan, folder: Path) -> tuple[Context, dict[str, Result]]:
    """Build the tables of a plan from the store's raw run into a folder."""
    raw = store.raw.newest("")
    make_rooms(folder)
    corrections = read_corrections(settings.tables_dir)
    personal = personal_columns(raw, settings.tables_dir)
    every = [table.contract for table in read_tables(settings.tables_dir).values()]
    context = Context(
        tables_dir=settings.tables_dir,
        code=fingerprint(settings.tables_dir),
        raw=store.raw.path(raw.run),
        folder=folder,
        last_star=None,
        carried=frozenset(),
        night=night_of(settings, raw),
        level=Level.OFF,
        personal=personal,
        corrections=tuple(each for each in corrections if each.query in raw.tables),
        pseudonym_key=key_of(settings, every),
        hidden=hidden_columns(personal, every),
    )
    known = [each for each in corrections if each.query in raw.tables]
    check_corrections(known, context.tables, raw.tables)
    results = run_plan(context, plan, Here()).results
    entries = {name: star_table(raw.run, raw, context, name, result) for name, result in results.items()}
    check_balance(context, entries, results)
    return context, results
