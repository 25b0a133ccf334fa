"""The head: which run published last, and to whom what is published belongs.

`etl_head` is a table of one row. A publish moves it, in its own transaction, by compare-and-swap: `move` changes the
row only while it still names the run that this load looked at, and exactly one row must change. Of two loads that race,
one finds another run there and publishes nothing. Age is not compared: an older star may be published on purpose.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from etl.contract import Text, attribute, natural_key
from etl.contract.table import Contract, Table
from etl.core.errors import WarehouseError


class EtlHead(Table):
    """One row: the newest publish."""

    run_id: Text = natural_key("The run that published last; empty before the first.")
    origin: Text = attribute("The sources and the data folder that the published tables belong to, as JSON.")


ETL_HEAD = Contract.of("etl_head", EtlHead)


@dataclass(frozen=True)
class Head:
    """The row of `etl_head`. run: "" before the first publish; origin: nothing where an older version published."""

    run: str = ""
    origin: Mapping[str, str] = field(default_factory=dict)

    @property
    def origin_json(self) -> str:
        """Return the origin as the table holds it."""
        return json.dumps(dict(self.origin), sort_keys=True, ensure_ascii=False)


READ = f"SELECT run_id, origin FROM {ETL_HEAD.name}"
"""Reads the head, in every warehouse's SQL; `head_of` reads its answer."""


def first_row(runs: str) -> str:
    """Write the query for the row with which the table is created, once: an older version may have published before.

    runs: the name of `etl_runs`. Creating and filling are to be one statement, so that two loads make one row.
    """
    return f"SELECT COALESCE(MAX(run_id), '') AS run_id, '{{}}' AS origin FROM {runs}"


def move(table: str, before: Head, after: Head, text: Callable[[str], str]) -> str:
    """Write the statement that moves the head; exactly one row must change.

    before: the head that this load looked at; text: writes a literal.
    """
    return (
        f"UPDATE {table} SET run_id = {text(after.run)}, origin = {text(after.origin_json)}"
        f" WHERE run_id = {text(before.run)}"
    )


def head_of(answer: pa.Table) -> Head:
    """Read what `READ` answered."""
    rows = answer.to_pylist()
    return Head(rows[0]["run_id"], json.loads(rows[0]["origin"])) if rows else Head()


def check(answer: pa.Table, before: Head) -> None:
    """Raise WarehouseError where the head is another than this load looked at. answer: what `READ` answered."""
    if head_of(answer).run != before.run:
        raise moved(before)


def moved(before: Head) -> WarehouseError:
    """Say that another load published since this one looked."""
    looked = f"run {before.run} was published last" if before.run else "nothing was published"
    return WarehouseError(
        f"Another load published into this warehouse since this one began, when {looked}."
        " Nothing of this load was published.",
        f"Run LoadFilesBQ.py again. If it is refused without another load, drop {ETL_HEAD.name}: it is created again.",
    )


def newest_of(runs: Sequence[str]) -> Head:
    """Return the head of a warehouse into which only older versions published. runs: those of `etl_runs`."""
    return Head(max(runs, default=""))
