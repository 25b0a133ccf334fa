"""Every bar and its limit, in one place: of a job of both companies, or of one that only the sample has."""

from benchmarks.company import SAMPLE, Company
from benchmarks.job import Bar

OURS, OFF, ALONE = "ours", "ours, receipts off", "ours, the fact alone"
FULL_ROWS, FULL_SCALE = 10_000_000, 1.0
"""The sizes that the limits are meant for: contracts of the sample, TPC-H's scale factor."""
MEMORY_GROWTH, TIME_GROWTH = 1.1, 1.15
"""At more rows: the memory beside that at few, the time by row likewise."""

_BOTH: dict[str, tuple[Bar, ...]] = {
    "download": (
        Bar("download, receipts off: wall beside psql", 1.05, "wall", OFF, "psql"),
        Bar("download: wall beside psql", 1.2, "wall", OURS, "psql"),
        Bar("download, receipts off: CPU beside psql", None, "cpu", OFF, "psql"),
        Bar("download: CPU beside psql", None, "cpu", OURS, "psql"),
        Bar("download, receipts off: peak memory, MB", 100, "peak", OFF),
        Bar("download: peak memory, MB", 100, "peak", OURS),
    ),
    "fact": (
        Bar("fact, receipts off: wall beside polars", 1.0, "wall", OFF, "polars"),
        Bar("fact: wall beside polars", 1.2, "wall", OURS, "polars"),
        Bar("fact, receipts off: CPU beside polars", 1.1, "cpu", OFF, "polars"),
        Bar("fact: CPU beside polars", 1.4, "cpu", OURS, "polars"),
        Bar("fact, receipts off: wall beside duckdb", 1.0, "wall", OFF, "duckdb"),
        Bar("fact: wall beside duckdb", 1.0, "wall", OURS, "duckdb"),
        Bar("fact, receipts off: CPU beside duckdb", None, "cpu", OFF, "duckdb"),
        Bar("fact: CPU beside duckdb", None, "cpu", OURS, "duckdb"),
        Bar("fact, receipts off: peak memory, MB", 600, "peak", OFF),
        Bar("fact: peak memory, MB", 600, "peak", OURS),
    ),
    "parquet": (
        Bar("raw CSV to staged Parquet: CPU beside duckdb", 1.6, "cpu", OURS, "duckdb"),
        Bar("raw CSV to staged Parquet: wall beside duckdb", None, "wall", OURS, "duckdb"),
    ),
    "tables": (Bar("all tables: wall beside the fact alone", 3.0, "wall", OURS, ALONE),),
    "upload": (
        Bar("upload preparation: wall beside duckdb", 1.0, "wall", OURS, "duckdb"),
        Bar("upload preparation: peak memory, MB", 400, "peak", OURS),
    ),
    "night": (
        Bar("the night: wall beside receipts off", 1.15, "wall", OURS, OFF),
        Bar("the night: CPU beside receipts off", None, "cpu", OURS, OFF),
        Bar("the night: peak memory, MB", 600, "peak", OURS),
    ),
}
_SAMPLE: dict[str, tuple[Bar, ...]] = {
    "night": (
        Bar("the night: times faster than pandas", 5, "wall", "pandas", OURS, least=True),
        Bar("the night: memory beside pandas", 1 / 8, "peak", OURS, "pandas"),
    ),
    "help": (Bar("--help: seconds", 0.3, "wall", OURS),),
}


def bars_of(company: Company, job: str) -> tuple[Bar, ...]:
    """Return the bars of a company's job."""
    return _BOTH.get(job, ()) + (_SAMPLE.get(job, ()) if company is SAMPLE else ())


def of_upload_bytes(csv_megabytes: float) -> Bar:
    """Return the bar of what is uploaded, which is compared with the star's CSV."""
    return Bar("upload: bytes beside the CSV's", 1 / 6, "written", OURS, factor=csv_megabytes)


def of_growth(stage: str, large: str, small: str, factor: float) -> tuple[Bar, ...]:
    """Return the bars of a stage at two sizes, the ways of which are named."""
    told = f"at {factor:g} times the rows"
    return (
        Bar(f"{stage}: memory {told}", MEMORY_GROWTH, "peak", large, small),
        Bar(f"{stage}: time by row {told}", TIME_GROWTH, "wall", large, small, factor=factor),
    )
