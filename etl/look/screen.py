"""How results are shown: tables on a terminal, whole lines where they are piped, nothing that disturbs a terminal."""

import sys

from rich.console import Console
from rich.table import Table

_WIDE = 10_000
"""Characters a line may have where no terminal shows it."""


def console() -> Console:
    """Return the console that prints texts as they are."""
    return Console(width=None if sys.stdout.isatty() else _WIDE, markup=False, highlight=False)


def table(*columns: str, title: str | None = None, right: tuple[str, ...] = ()) -> Table:
    """Make a table. right: the columns that hold numbers."""
    made = Table(title=title, title_justify="left")
    for name in columns:
        made.add_column(name, overflow="fold", justify="right" if name in right else "left")
    return made


def number(value: int | None) -> str:
    """Write a count; nothing where it is not known."""
    return "" if value is None else f"{value:,}"
