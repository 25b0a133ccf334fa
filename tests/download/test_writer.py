"""Raw files: what their blocks promise to a reader that reads any of them alone."""

import csv
import hashlib
import io
from itertools import count, pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from etl.core.manifest import Block
from etl.download import writer
from etl.download.writer import RawWriter

SMALL = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
NAMES = count()

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20) | st.sampled_from(
    ['"', "\n", "\r\n", ",", '",\n"', "", "NA", "\\.", "x" * 9000]
)


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let blocks end after a few rows."""
    monkeypatch.setattr(writer, "BLOCK_BYTES", 64)
    monkeypatch.setattr(writer, "_PENDING", 3)


def written(folder: Path, rows: list[tuple[str, ...]], group_by: tuple[int, ...] = ()) -> tuple[Path, list[Block]]:
    path = folder / f"{next(NAMES)}.csv"
    with RawWriter(path, ["a", "b"], group_by) as file:
        for row in rows:
            file.write(line(row))
    assert file.rows == len(rows)
    assert file.length == path.stat().st_size
    return path, file.blocks


def line(row: tuple[str, ...]) -> bytes:
    return (",".join('"' + value.replace('"', '""') + '"' for value in row) + "\n").encode()


def parts(path: Path, blocks: list[Block]) -> list[list[tuple[str, ...]]]:
    """Read each block alone."""
    data = path.read_bytes()
    texts = [data[block.offset : block.offset + block.bytes].decode() for block in blocks]
    return [[tuple(row) for row in csv.reader(io.StringIO(text, newline=""))] for text in texts]


@SMALL
@given(rows=st.lists(st.tuples(TEXT, TEXT), max_size=40))
def test_blocks_partition_the_file_into_whole_rows(
    small_blocks: None, tmp_path: Path, rows: list[tuple[str, str]]
) -> None:
    """Read one after the other they are the rows, byte for byte what their hashes say, whatever the values hold."""
    path, blocks = written(tmp_path, rows)
    assert [row for part in parts(path, blocks) for row in part] == rows
    assert [len(part) for part in parts(path, blocks)] == [block.rows for block in blocks]
    assert blocks[0].offset == len("a,b\n")
    assert all(one.offset + one.bytes == other.offset for one, other in pairwise(blocks))
    assert blocks[-1].offset + blocks[-1].bytes == path.stat().st_size
    data = path.read_bytes()
    assert all(hashlib.sha256(data[b.offset : b.offset + b.bytes]).hexdigest() == b.sha256 for b in blocks)


@SMALL
@given(rows=st.lists(st.tuples(st.sampled_from(["", "a", "b\n", 'c"']), TEXT), max_size=60).map(sorted))
def test_rows_of_one_group_lie_in_one_block(small_blocks: None, tmp_path: Path, rows: list[tuple[str, str]]) -> None:
    """Of rows sorted by their group no block splits a group, however long it is."""
    path, blocks = written(tmp_path, rows, group_by=(0,))
    groups = [{row[0] for row in part} for part in parts(path, blocks)]
    assert sum(len(found) for found in groups) == len({row[0] for row in rows})
    assert [row for part in parts(path, blocks) for row in part] == rows


def test_blocks_end_soon_after_their_size(small_blocks: None, tmp_path: Path) -> None:
    """So that memory is bounded by the block and not by the file."""
    _, blocks = written(tmp_path, [(str(n % 7), "x" * 10) for n in range(1000)])
    assert len(blocks) > 100
    assert max(block.bytes for block in blocks) < 64 + 3 * 20


def test_an_empty_query_is_one_empty_block(tmp_path: Path) -> None:
    """A reader finds a header and no row."""
    path, blocks = written(tmp_path, [])
    assert path.read_text() == "a,b\n"
    assert [(block.offset, block.bytes, block.rows) for block in blocks] == [(4, 0, 0)]


def test_long_rows_do_not_pile_up(tmp_path: Path) -> None:
    """A row of a megabyte is written at once, not gathered with thousands of others."""
    path = tmp_path / "long.csv"
    with RawWriter(path, ["a"]) as file:
        for _ in range(5):
            file.write(b"x" * 1_000_000 + b"\n")
            assert not file._pending
    assert file.rows == 5


def test_a_value_of_any_length_can_be_a_group(small_blocks: None, tmp_path: Path) -> None:
    """Beyond the 128 kB where Python's csv module stops unless told otherwise."""
    rows = [(letter * 300_000, "x") for letter in "aabbcc"]
    _, blocks = written(tmp_path, rows, group_by=(0,))
    assert [block.rows for block in blocks] == [2, 2, 2]


def test_a_column_may_be_named_anything(tmp_path: Path) -> None:
    """The file's header is CSV like the rest of it."""
    names = ["a,b", 'c"d', "e\nf", "año"]
    with RawWriter(tmp_path / "named.csv", names):
        pass
    with (tmp_path / "named.csv").open(newline="") as file:
        assert next(csv.reader(file)) == names
