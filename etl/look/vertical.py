"""Rows one below the other, a line a column: for tables that are wider than a terminal."""

import sys
from collections.abc import Iterable, Sequence

from rich.cells import cell_len

from etl.core.start import fault_of
from etl.look.grid import Block


def show(names: Sequence[str], blocks: Iterable[Block]) -> None:
    """Print rows, each with a line above that numbers it, until all is printed or nobody reads it any more."""
    widest = max(map(cell_len, names), default=0)
    labels = [name + " " * (widest - cell_len(name)) for name in names]
    number = 0
    for block in blocks:
        for row in zip(*([cells.texts[code] for code in cells.codes] for cells in block), strict=True):
            number += 1
            sys.stdout.write(f"━━ row {number:,}\n")
            sys.stdout.writelines(f"{label}  {text}\n" for label, text in zip(labels, row, strict=True))
        if fault_of(sys.stdout):
            return
    if not number:
        sys.stdout.write(f"No rows. Columns: {', '.join(names)}\n")
