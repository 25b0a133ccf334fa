"""The head: which run published last, and to whom what is published belongs.

`etl_head` is a table of one row. A publish moves it, in its own transaction, by compare-and-swap: `move` changes the
row only while it still names the run that this load looked at, and exactly one row must change. Of two loads that race,
one finds another run there and publishes nothing. Age is not compared: an older star may be published on purpose.
"""

from collections.abc import Callable, Sequence

import pyarrow as pa

from etl.contract import Text, attribute, natural_key
from etl.contract.table import Contract, Table
from etl.core.errors import WarehouseError
from etl.core.head import NAME, Head


class EtlHead(Table):
    """One row: the newest publish."""

    run_id: Text = natural_key("The run that published last; empty before the first.")
    origin: Text = attribute("The sources and the data folder that the published tables belong to, as JSON.")
    standing: Text = attribute(
        "The run published before, the star and the extraction that are published, and up to where each query that is"
        " read by its changes was read, as JSON; NULL where an older version published.",
        nullable=True,
    )


ETL_HEAD = Contract.of(NAME, EtlHead)


def first_row(runs: str) -> str:
    """Write the query for the row with which the table is created, once: an older version may have published before.

    runs: the name of `etl_runs`. Creating and filling are to be one statement, so that two loads make one row.
    """
    return f"SELECT COALESCE(MAX(run_id), '') AS run_id, '{{}}' AS origin, CAST(NULL AS STRING) AS standing FROM {runs}"


def move(table: str, before: Head, after: Head, text: Callable[[str], str]) -> str:
    """Write the statement that moves the head; exactly one row must change.

    before: the head that this load looked at; text: writes a literal.
    """
    told = {"run_id": after.run, "origin": after.origin_json, "standing": after.standing.model_dump_json()}
    changes = ", ".join(f"{column} = {text(value)}" for column, value in told.items())
    return f"UPDATE {table} SET {changes} WHERE run_id = {text(before.run)}"


def head_of(answer: pa.Table) -> Head:
    """Read what `READ` answered."""
    rows = answer.to_pylist()
    return Head.of(rows[0]) if rows else Head()


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
