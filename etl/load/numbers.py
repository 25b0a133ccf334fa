"""Surrogate keys of a star beside the published ones, where stage 2 could not ask what is published."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from etl.contract.table import Contract
from etl.core.errors import DataError
from etl.core.manifest import StarManifest
from etl.core.standing import StarRows
from etl.core.surrogates import conflicts, converted, schema_of, with_change_key
from etl.load.warehouse import Warehouse


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
