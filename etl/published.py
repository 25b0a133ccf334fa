"""What a warehouse knows of what is published: handed to stages 1 and 2, which themselves know no warehouse."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from config import Settings
    from etl.contract.table import Contract
    from etl.core.head import Head
    from etl.core.surrogates import Published

_PATIENCE = 10.0
"""Seconds for which a warehouse that does not answer is asked: they go on without it."""


def head(settings: Settings) -> Head:
    """Ask the warehouse of the settings which run published last. Raises EtlError where it cannot be reached."""
    from etl.core.warehouse import room

    found: Head = room(settings).head(settings, _PATIENCE)
    return found


def ask(settings: Settings) -> Published:
    """Ask the warehouse of the settings what is published. Raises EtlError where it cannot be reached."""
    from etl.core.surrogates import Published
    from etl.load.open import open_warehouse
    from etl.load.present import receipt_of

    with open_warehouse(settings, _PATIENCE) as warehouse:
        head, rows = warehouse.head(), warehouse.published()
    return Published(
        head=head,
        star_runs={row.table: row.star_run for row in rows},
        as_of={row.table: row.as_of for row in rows},
        receipts={row.table: receipt for row in rows if (receipt := receipt_of(row))},
        numbers=partial(_numbers, settings),
        greatest=partial(_greatest, settings),
        rows=partial(_rows, settings),
    )


def _numbers(settings: Settings, contract: Contract) -> pa.Table | None:
    from etl.load.open import open_warehouse

    with open_warehouse(settings) as warehouse:
        return warehouse.numbers(contract)


def _greatest(settings: Settings, contract: Contract) -> int:
    """Read the greatest number from the receipts of all publishes: its member may be gone."""
    from pydantic import ValidationError

    from etl.core.receipt import TableReceipt
    from etl.load.open import open_warehouse

    with open_warehouse(settings) as warehouse:
        every = warehouse.read(f"SELECT receipt FROM etl_runs WHERE table_name = '{contract.name}'")
    greatest = 0
    for text in every.column(0).to_pylist():
        try:
            column = TableReceipt.model_validate_json(text).columns.get(str(contract.surrogate_key))
        except ValidationError:  # of an older version
            continue
        greatest = max(greatest, int(column.max or 0) if column else 0)
    return greatest


def _rows(settings: Settings, table: str) -> Iterator[pa.RecordBatch]:
    """Read a published table, some rows at a time; no batch where there is no such table."""
    from etl.load.open import open_warehouse
    from etl.load.recalled import dialect_of

    with open_warehouse(settings) as warehouse:
        if table in warehouse.existing([table]):
            yield from warehouse.batches(f"SELECT * FROM {dialect_of(settings).quoted(table)}")
