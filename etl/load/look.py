"""A look into the published tables, for a person at a terminal."""

from pathlib import Path

from rich.console import Console
from rich.table import Table

import config
from etl.core.receipt import canonical
from etl.load.open import open_warehouse


def show(settings_file: Path, query: str) -> None:
    """Run a query over the published tables and print its rows. NULL is shown as ∅."""
    with open_warehouse(config.load(settings_file)) as warehouse:
        result = warehouse.read(query)
    table = Table(*result.column_names)
    for row in result.to_pylist():
        table.add_row(*("∅" if value is None else str(canonical(value)) for value in row.values()))
    Console().print(table)
