"""The table of a query's rows: nothing is cut or lost, however many rows there are and however narrow the terminal."""

import subprocess
import sys
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from rich.cells import cell_len

from etl.look.grid import Block, Cells, show

TEXTS = some.text(some.sampled_from("abc xyz0é日本👍"), max_size=30).map(str.strip)


@some.composite
def tables(draw: some.DrawFn) -> tuple[list[str], list[list[list[str]]]]:
    """Draw the names of columns, and blocks of rows."""
    count = draw(some.integers(1, 4))
    row = some.lists(TEXTS, min_size=count, max_size=count)
    blocks = some.lists(some.lists(row, max_size=3), min_size=1, max_size=3)
    return draw(some.lists(TEXTS, min_size=count, max_size=count)), draw(blocks)


def block_of(rows: list[list[str]], count: int) -> Block:
    """Write rows column by column, each different text once."""
    columns = [[row[number] for row in rows] for number in range(count)]
    uniques = [list(dict.fromkeys(column)) for column in columns]
    return [Cells(u, [u.index(text) for text in column]) for u, column in zip(uniques, columns, strict=True)]


def cells(line: str) -> list[str]:
    """Read a line's cells."""
    return [cell.strip() for cell in line.replace("┃", "│").split("│")[1:-1]]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tables())
def test_where_there_is_no_terminal_each_row_is_one_line(
    capsys: pytest.CaptureFixture[str], table: tuple[list[str], list[list[list[str]]]]
) -> None:
    """Also rows that are wider than all before them, of which the columns have taken their width."""
    names, blocks = table
    capsys.readouterr()
    show(names, (block_of(rows, len(names)) for rows in blocks), None)
    _, head, _, *lines, _ = capsys.readouterr().out.splitlines()
    assert cells(head) == names
    assert [cells(line) for line in lines] == [row for rows in blocks for row in rows]
    if len(blocks) == 1:
        assert len({cell_len(line) for line in (head, *lines)}) == 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tables(), some.integers(1, 60))
def test_a_terminal_gets_lines_that_fit_and_every_character(
    capsys: pytest.CaptureFixture[str], table: tuple[list[str], list[list[list[str]]]], width: int
) -> None:
    """Long texts are folded within their column; a terminal too narrow for four characters each is not obeyed."""
    names, blocks = table
    capsys.readouterr()
    show(names, (block_of(rows, len(names)) for rows in blocks), width)
    _, *lines, _ = capsys.readouterr().out.splitlines()
    assert all(cell_len(line) <= max(width, 7 * len(names) + 1) for line in lines if line[0] in "┃│")
    for number in range(len(names)):
        shown = "".join(cells(line)[number] for line in lines if line[0] in "┃│")
        told = names[number] + "".join(row[number] for rows in blocks for row in rows)
        assert shown.replace(" ", "") == told.replace(" ", "")


def test_it_stops_when_nobody_reads_any_more() -> None:
    """`etl sql … | head` ends with its reader, and not when the last row has been read for nobody."""
    endless = """
import itertools
from etl.core.start import start
start("x.py")
from etl.look.grid import Cells, show
show(["a"], itertools.repeat([Cells(["x" * 1000], [0] * 100)]), None)
"""
    began = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-c", endless], env={"PYTHONPATH": ":".join(sys.path)}, stdout=subprocess.PIPE
    ) as running:
        assert running.stdout
        running.stdout.read(1)
        running.stdout.close()
        assert running.wait(30) == 0
    assert time.monotonic() - began < 30
