"""Every bar and its limit, in one place: of a job of both companies, or of one that only the sample has."""

from collections.abc import Mapping

from benchmarks.company import Company
from benchmarks.job import Bar, Told

OURS, OFF, ALONE = "ours", "ours, receipts off", "ours, the fact alone"
BOTH_FILES = "polars, CSV and Parquet"
SAME_MEMBERS, MORE_MEMBERS = "same", "more"
"""Whether the members stay while the facts grow."""
FULL_ROWS, FULL_SCALE = 10_000_000, 1.0
"""The sizes that the limits are meant for: contracts of the sample, TPC-H's scale factor."""
MEMORY_GROWTH, TIME_GROWTH = 1.1, 1.15
"""At more rows: the memory beside that at few, the time by row likewise."""

_BOTH: dict[str, tuple[Bar, ...]] = {
    "download": (
        Bar("download, receipts off: wall beside psql", 1.05, "wall", OFF, "psql"),
        Bar("download: wall beside psql", 1.2, "wall", OURS, "psql"),
        Bar("download: peak memory, MB", 100, "peak", OURS),
    ),
    "fact": (
        Bar("fact, receipts off: wall beside polars", 1.0, "wall", OFF, "polars"),
        Bar("fact: wall beside polars", 1.2, "wall", OURS, "polars"),
        Bar("fact, receipts off: CPU beside polars", 1.1, "cpu", OFF, "polars"),
        Bar("fact: CPU beside polars", 1.4, "cpu", OURS, "polars"),
        Bar("fact, receipts off: CPU beside polars that writes the Parquet too", None, "cpu", OFF, BOTH_FILES),
        Bar("fact: CPU beside polars that writes the Parquet too", None, "cpu", OURS, BOTH_FILES),
        Bar("fact: wall beside duckdb", 1.0, "wall", OURS, "duckdb"),
        Bar("fact: CPU beside duckdb", None, "cpu", OURS, "duckdb"),
        Bar("fact: memory beside polars", None, "peak", OURS, "polars"),
        Bar("fact: peak memory, MB", 600, "peak", OURS),
    ),
    "parquet": (
        Bar("raw CSV to staged Parquet: CPU beside duckdb", 1.6, "cpu", OURS, "duckdb"),
        Bar("raw CSV to staged Parquet: wall beside duckdb", None, "wall", OURS, "duckdb"),
    ),
    "tables": (Bar("all tables: wall beside the fact alone", 3.0, "wall", OURS, ALONE),),
    "upload": (Bar("upload preparation: peak memory, MB", 400, "peak", OURS),),
    "night": (
        Bar("the night: wall beside receipts off", 1.15, "wall", OURS, OFF),
        Bar("the night: CPU beside receipts off", None, "cpu", OURS, OFF),
        Bar("the night: peak memory of all processes, MB", 600, "peak", OURS),
    ),
}
_SAMPLE: dict[str, tuple[Bar, ...]] = {
    "night": (
        Bar("the night: times faster than pandas", 5, "wall", "pandas", OURS, least=True),
        Bar("the night: memory beside pandas", 1 / 8, "peak", OURS, "pandas"),
    ),
    "nightly": (Bar("./nightly.sh, the sample, second time: seconds", 10, "wall", OURS),),
}


_OF_CHANGES: dict[str, tuple[str, float | None]] = {
    "wall": ("a night of changes: wall beside all rows", None),
    "wall more": ("… more than a night of nothing new: wall beside all rows", 0.1),
    "cpu": ("a night of changes: CPU beside all rows", None),
    "cpu more": ("… more than a night of nothing new: CPU beside all rows", 0.1),
    "empty": ("a night of nothing new: seconds", None),
    "peak": ("a night of changes: peak memory beside all rows", 1.0),
    "copied": ("… of its wall, copying the DuckDB file", None),
    "read": ("rows that it reads, times those that changed or lie within the lag", None),
    "swept": ("reading all keys beside the COPY of their tables: seconds", 0.35),
    "comparing": ("… and comparing them: seconds more of a night of nothing new", None),
    "growth": ("a night of changes: wall beside that of the first company", 1.5),
    "counted": ("bytes that BigQuery counts beside the staged ones, times the partitions that changed", 2.0),
    "named": ("… without what it counts for a DELETE besides the columns that are named", None),
    "bytes": ("… of the partitions that changed, and staged: MB", None),
}
"""Of nights of changes."""


def of_changes(values: Mapping[str, float], prefix: str) -> tuple[Bar, ...]:
    """Return the bars of nights of changes, by what is called so in `_OF_CHANGES`. prefix: of their names."""
    every = [(*_OF_CHANGES[what], value) for what, value in values.items()]
    return tuple(Told(f"{prefix}{name}", limit, value_=value) for name, limit, value in every)


def bars_of(company: Company, job: str) -> tuple[Bar, ...]:
    """Return the bars of a company's job."""
    return _BOTH.get(job, ()) + (_SAMPLE.get(job, ()) if company.is_sample else ())


def of_help(script: str) -> Bar:
    """Return the bar of how soon a script answers."""
    return Bar(f"{script} --help: seconds", 0.3, "wall", f"ours, {script}")


def of_suite(minutes: float) -> Bar:
    """Return the bar of the whole test suite, whose time is given."""
    return Told("the whole test suite on CI: minutes", 12, value_=minutes)


def of_uploaded(times: float) -> Bar:
    """Return the bar of what is uploaded, which is compared with the star's CSV."""
    return Told("upload: bytes beside the CSV's", 1 / 6, value_=times)


def of_reads(times: float, minimums: float) -> tuple[Bar, ...]:
    """Return the bars of what BigQuery reads for a publish."""
    return (
        Told("bytes that a publish reads in BigQuery, times the star", 2.1, value_=times),
        Told(
            "… what BigQuery bills beyond them, 10 MB for a table and query at least: MB", None, value_=minimums / 1e6
        ),
    )


def of_growth(stage: str, large: str, small: str, factor: float, members: str) -> tuple[Bar, ...]:
    """Return the bars of a stage at two sizes, the ways of which are named; without a limit where members grow."""
    limits = (MEMORY_GROWTH, TIME_GROWTH) if members == SAME_MEMBERS else (None, None)
    told = f"at {factor:.0f} times the rows, {members} members"
    return (
        Bar(f"{stage}: memory {told}", limits[0], "peak", large, small),
        Bar(f"{stage}: time by row {told}", limits[1], "wall", large, small, factor=factor),
    )
