"""What nights of changes take of larger companies: a section of SCALE.md, reckoned from two sizes."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.chains import NIGHTLY, Chains
from benchmarks.nights import CHANGED, EMPTY, FULL, STAGES
from benchmarks.scale import A_TIB_READ, by_size, shown
from benchmarks.told import write_section

_TEXT = """
- Stage 1 asks the source by an index, for what changed and no other row; it then looks for the keys of these rows among
  those of all rows, which it keeps in Parquet. That, and the links to the files that it stands on, grows with the rows.
- The keys of all rows (`-- sweep:`) are a COPY of the key columns, and a comparison here: both grow with the rows.
  Weekly is enough where deletes may show a week late, never where the source marks them (`-- deleted:`).
- Stage 2 reads what it keeps of every row (what became of it, and the columns by which rows are found that something
  touches), and dimensions whole; it builds what is touched, twice. It runs on one machine: with `EXECUTOR=` all rows
  are built, of what was read by changes.
- Stage 3 copies the DuckDB file, which a file system that shares bytes (XFS, btrfs) does at once, and changes the copy.
  BigQuery reads the partitions of the months in which rows changed and no others, of a table without `partition_by=`
  all rows; a month grows with the company.
- A night of all rows remains, once a week or less: it is what tells of changes that no watermark tells of, and it
  begins the next row of layers. What it costs is in the table above.
"""


Figure = Callable[[Chains], float]
_HOUR = 3600

_ALWAYS: dict[str, Figure] = {
    **{
        f"stage {number}, hours": lambda chains, stage=stage: chains.figure("wall", CHANGED, stage) / _HOUR  # type: ignore[misc]
        for number, stage in enumerate(STAGES, 1)
    },
    "… of it, copying the DuckDB file": lambda chains: chains.copied() / _HOUR,
    "all three stages, core hours": lambda chains: chains.figure("cpu", CHANGED) / _HOUR,
    "a night of nothing new, hours": lambda chains: chains.figure("wall", EMPTY) / _HOUR,
    "a night of all rows, hours": lambda chains: chains.figure("wall", FULL) / _HOUR,
    "peak memory, GB": lambda chains: chains.figure("peak", CHANGED) / 1000,
}
_WHERE_SWEPT: dict[str, Figure] = {
    "reading and comparing all keys, hours more": lambda chains: (
        (chains.figure("wall", EMPTY, sweep=NIGHTLY) - chains.figure("wall", EMPTY)) / _HOUR
    ),
}
_WHERE_COUNTED: dict[str, Figure] = {
    "BigQuery counts for changes of two months, GB": lambda chains: _bytes(chains) / 1e9,
    "… in dollars": lambda chains: _bytes(chains) / 2**40 * A_TIB_READ,
}


def write(few: Chains, many: Chains, rows: int, folder: Path) -> None:
    """Write the section into SCALE.md. few, many: the company at two sizes; rows: that changed before each night."""
    figures = _ALWAYS | (_WHERE_SWEPT if NIGHTLY in few.nights else {})
    figures |= _WHERE_COUNTED if few.reads and many.reads else {}
    lines = [
        "## A night of changes",
        "",
        f"{rows:,} rows change, whatever the size. Reckoned from {few.contracts:,} and {many.contracts:,} contracts,"
        " with a straight line through both: what does not grow with the contracts stays, and the rest grows with them."
        " Made by `python -m benchmarks.changed`.",
        "",
    ]
    lines += by_size({name: partial(_shown, few, many, figure) for name, figure in figures.items()})
    write_section(folder / "SCALE.md", "\n".join(lines) + "\n" + _TEXT)


def _shown(few: Chains, many: Chains, figure: Figure, contracts: int) -> str:
    return shown(_reckoned(few, many, figure, contracts))


def _reckoned(few: Chains, many: Chains, figure: Figure, contracts: int) -> float:
    """Draw a straight line through what two sizes took; it never falls, and begins at nothing or above."""
    less, more = figure(few), figure(many)
    slope = max(more - less, 0) / (many.contracts - few.contracts)
    return less + slope * (contracts - few.contracts)


def _bytes(chains: Chains) -> float:
    return chains.reads.read + chains.reads.deleting if chains.reads else 0.0
