"""A look into the published tables, for a person at a terminal."""

import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

import config
from etl.core.errors import UsageError
from etl.core.receipt import canonical
from etl.load.open import open_warehouse

_WIDE = 10_000
"""Characters a line may have where no terminal shows it."""


def show(settings_file: Path, query: str) -> None:
    """Run a query over the published tables and print its rows. NULL is shown as ∅."""
    if not query.strip(" ;\n\t"):
        raise UsageError("The query is empty.", 'Write e.g. "SELECT * FROM etl_runs".')
    with open_warehouse(config.load(settings_file)) as warehouse:
        result = warehouse.read(query)
    table = Table()
    for name in result.column_names:
        table.add_column(name, overflow="fold")
    for row in zip(*(column.to_pylist() for column in result.columns), strict=True):
        table.add_row(*("∅" if value is None else str(canonical(value)) for value in row))
    Console(width=None if sys.stdout.isatty() else _WIDE, markup=False, highlight=False).print(table)
