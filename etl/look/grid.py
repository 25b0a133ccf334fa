"""A table of any number of rows, written as they come: the first ones decide how wide its columns are.

It looks like the other tables, whose library takes two milliseconds a row and needs all rows at once.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from rich.cells import cell_len, chop_cells

from etl.core.start import fault_of

_WIDEST_LETTER = 2
_LEAST = 4
"""Columns of characters that every column of the table gets, however narrow the terminal is."""


@dataclass(frozen=True)
class Cells:
    """The texts of one column, each different one once. codes: by row, which of them."""

    texts: Sequence[str]
    codes: Sequence[int]


Block = Sequence[Cells]
"""Some rows, column by column."""


def show(names: Sequence[str], blocks: Iterable[Block], width: int | None) -> None:
    """Print a table, block by block, until all is printed or nobody reads it any more.

    width: that of the terminal, where long texts are folded; None where there is none, and each row is one line.
    """
    rest = iter(blocks)
    first = next(rest)
    widths = _widths(names, first, width)
    rule = ["━" * (each + 2) for each in widths]
    sys.stdout.write(f"┏{'┳'.join(rule)}┓\n")
    sys.stdout.writelines(_lines([Cells([name], [0]) for name in names], widths, "┃", fold=width is not None))
    sys.stdout.write(f"┡{'╇'.join(rule)}┩\n")
    for block in _with_first(first, rest):
        sys.stdout.writelines(_lines(block, widths, "│", fold=width is not None))
        if fault_of(sys.stdout):
            return
    sys.stdout.write(f"└{'┴'.join('─' * (each + 2) for each in widths)}┘\n")


def _with_first(first: Block, rest: Iterator[Block]) -> Iterator[Block]:
    yield first
    yield from rest


def _widths(names: Sequence[str], block: Block, width: int | None) -> list[int]:
    """Return how wide each column is: as its longest text, unless all together are wider than the terminal."""
    wanted = [max(map(cell_len, (name, *cells.texts))) for name, cells in zip(names, block, strict=True)]
    if width is None:
        return wanted
    wanted = [max(each, _WIDEST_LETTER) for each in wanted]
    room, limit = max(width - 3 * len(names) - 1, 0), max(wanted, default=0)
    while limit > _LEAST and sum(min(each, limit) for each in wanted) > room:
        limit -= 1
    return [min(each, limit) for each in wanted]


def _lines(block: Block, widths: Sequence[int], bar: str, *, fold: bool) -> Iterator[str]:
    if fold and any(cell_len(text) > width for cells, width in zip(block, widths, strict=True) for text in cells.texts):
        yield from _folded(block, widths, bar)
        return
    columns = []
    for cells, width in zip(block, widths, strict=True):
        padded = [_padded(text, width) for text in cells.texts]
        columns.append([padded[code] for code in cells.codes])
    between = f" {bar} "
    for row in zip(*columns, strict=True):
        yield f"{bar} {between.join(row)} {bar}\n"


def _folded(block: Block, widths: Sequence[int], bar: str) -> Iterator[str]:
    columns = []
    for cells, width in zip(block, widths, strict=True):
        chopped = [chop_cells(text, width) or [""] for text in cells.texts]
        columns.append([chopped[code] for code in cells.codes])
    for row in zip(*columns, strict=True):
        for parts in zip_longest(*row, fillvalue=""):
            yield f"{bar} {f' {bar} '.join(map(_padded, parts, widths))} {bar}\n"


def _padded(text: str, width: int) -> str:
    return text.ljust(width) if text.isascii() else text + " " * (width - cell_len(text))
