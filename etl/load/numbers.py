"""Surrogate keys and versions of a star beside the published ones, should others be published than stage 2 knew."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from etl.contract.table import Contract
from etl.core.errors import DataError
from etl.core.manifest import StarManifest
from etl.core.standing import StarRows
from etl.core.surrogates import conflicts, converted, schema_of, with_change_key
from etl.load.etl_runs import ETL_RUNS
from etl.load.warehouse import Published, Warehouse


def check_numbers(warehouse: Warehouse, star: StarManifest, chosen: Sequence[Contract], folder: Path) -> None:
    """Refuse dimensions in which a member has another key than the published one, or another's. Raises DataError."""
    for contract in chosen:
        if not contract.is_dimension or (found := warehouse.numbers(contract)) is None:
            continue
        schema = schema_of(contract)
        rows = StarRows(folder, star.tables[contract.name]).batches(schema)
        ours = pa.concat_tables([schema.empty_table(), *rows])
        theirs = converted(with_change_key(found, contract), schema)
        wrong = conflicts(theirs, ours.filter(pc.field(schema.names[-1]) != 0)) if theirs is not None else ()
        if len(wrong):
            raise DataError(
                f"{len(wrong):,} members of {contract.name} have other surrogate keys in star {star.run} than the"
                " published ones; nothing was touched.",
                "Run TablesTransformMain.py again while the warehouse can be reached: it continues the published keys.",
            )


def check_continued(
    warehouse: Warehouse, published: Sequence[Published], star: StarManifest, chosen: Sequence[Contract]
) -> None:
    """Refuse a dimension without the versions that a night saw which was published since. Raises DataError.

    An older star than the published one may take its place, and one that was published before: whoever goes back, or
    forward again, knows what goes.
    """
    there = {row.table: row.star_run for row in published}
    for contract in chosen:
        table, run = star.tables[contract.name], there.get(contract.name, "")
        if not contract.is_seen or run in (table.run, table.continues) or table.run < run:
            continue
        found = warehouse.read(f"SELECT star_run FROM {ETL_RUNS.name} WHERE table_name = '{contract.name}'")
        if table.run not in found.column(0).to_pylist():
            raise DataError(
                f"The star {star.run} continues the history of {contract.name} as star {table.continues or 'none'} had"
                f" it, and star {run} is published, whose versions it does not know; nothing was touched.",
                "Run TablesTransformMain.py again while the warehouse can be reached: it continues what is published.",
            )
