"""What larger companies take: SCALE.md, reckoned from what was measured by row, and from quotas and list prices."""

from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.bars import MORE_MEMBERS, OURS
from benchmarks.billing import SCANS, Billing
from benchmarks.company import SAMPLE
from benchmarks.job import Result
from benchmarks.told import write_but_section
from benchmarks.world import World
from benchmarks.worlds import TIMES
from etl.load.parquet import CSV_BYTES_A_FILE

GROWTH = f"{SAMPLE.source}-{MORE_MEMBERS}-members"
NEEDED = ("download", "tables", "upload", GROWTH)
"""The jobs of which this is reckoned."""

SIZES = (10**7, 10**8, 10**9, 10**10)
_CONNECTIONS, _WORKERS = 16, 64
_JOBS_A_TABLE = 1500
_A_CORE_HOUR, _A_GB_MONTH_STORED, A_TIB_READ, _A_GB_MONTH_IN_BUCKET = 0.05, 0.02, 6.25, 0.02

_TEXT = """
## Where the wall of each stage is, and what is turned on

| from about | the wall | what is turned on |
|---|---|---|
| 10 million rows | none: one machine of two cores, minutes | nothing |
| 100 million | the COPY of the longest query: one connection, one process of the source | `-- partition on:` in its \
header, `SOURCE_CONNECTIONS` as many as the source's owner allows |
| 1 billion | the cores of one machine in stage 2; a dimension that is not streamed has to fit a worker's memory; \
the disk | `EXECUTOR=dask://…`, `DATA_DIR=gs://…` (BigQuery then loads by URI, a job a table); workers with \
the memory that the table tells |
| 10 billion | reading everything every night, and what BigQuery counts for publishing all of it | nights of \
changes: `-- watermark:` in the headers of the longest queries (it pays from some million rows on; see below) |

- Stage 1 is as fast as the source's own COPY (see RESULTS.md): more cores here change nothing, more connections do,
  while the source has cores and its disk keeps up.
- Stage 2 is bound by the text of CSV, read and written, and divides by its blocks: a worker has its block's memory,
  however many rows there are. The keys' hashes, by which doubled rows are found, lie on the disk.
- Memory that grows with the members is what they are found by, some 8 bytes each in every worker, and dimensions that
  are not streamed: what the table tells is for two workers.
- Stage 3 is bound by reading the text once more. By upload it is one load job for {megabytes} MB of CSV: {limit} of
  them for a table and day are what BigQuery allows.
- BigQuery bills each table of a query with all columns that it reads, at least 10 MB; a load reads what it publishes
  {scans} times. The dashboard, made after each publish, asks {queries} queries; its bytes are those of all columns of
  the tables that they name, of which BigQuery may leave some out.
- Dollars are list prices to be replaced by your own: {core} a core and hour, {stored} a GB and month in BigQuery and in
  a bucket, {read} a TiB read (the first TiB of a month is free, and not taken off here). Loading is free. Published
  tables are written anew each night, so that nothing becomes cheaper by its age; with physical billing, seven days of
  time travel and seven of fail-safe are stored and paid as well.
"""


def write(results: dict[str, dict[str, Result]], world: World, folder: Path) -> None:
    """Write SCALE.md. results: by job, those of NEEDED among them."""
    figures = _Figures(results, world)
    lines: list[tuple[str, Callable[[int], str]]] = [
        ("raw CSV, GB", lambda rows: shown(figures.raw * rows / 1e9)),
        ("star CSV, GB", lambda rows: shown(figures.star * rows / 1e9)),
        ("Parquet to load, GB", lambda rows: shown(figures.parquet * rows / 1e9)),
        ("stage 1, hours, one connection", lambda rows: shown(figures.download * rows / 3600)),
        (f"… {_CONNECTIONS} connections", lambda rows: shown(figures.download * rows / 3600 / _CONNECTIONS)),
        ("stage 2, core hours", lambda rows: shown(figures.transform * rows / 3600)),
        (f"… hours on {_WORKERS} workers", lambda rows: shown(figures.transform * rows / 3600 / _WORKERS)),
        ("stage 3 up to the network, core hours", lambda rows: shown(figures.upload * rows / 3600)),
        ("load jobs of the largest table, by upload", lambda rows: f"{figures.jobs(rows):,}"),
        ("… by URI from a bucket", lambda _: "1"),
        ("stage 2, memory of two workers, GB", lambda rows: shown(figures.memory(rows) / 1e9)),
        ("BigQuery bills for a load, GB", lambda rows: shown(figures.billing.load(rows) / 1e9)),
        ("… for the dashboard, GB at most", lambda rows: shown(figures.billing.dashboard(rows) / 1e9)),
        ("dollars a night: cores and what BigQuery bills", lambda rows: shown(figures.dollars_a_night(rows))),
        ("dollars a month: stored in BigQuery and bucket", lambda rows: shown(figures.dollars_stored(rows))),
    ]  # fmt: skip
    head = [
        "# What larger companies take",
        "",
        f"Reckoned from {world.rows:,} contracts of the sample company as measured in RESULTS.md: what is there is"
        " measured for the first column, and multiplied for the others. A row is a contract; the company's other tables"
        " grow with it. Made by `python -m benchmarks`.",
        "",
    ]
    text = _TEXT.format(
        megabytes=CSV_BYTES_A_FILE // 2**20, limit=f"{_JOBS_A_TABLE:,}",
        scans=SCANS, queries=len(figures.billing.asked), core=_A_CORE_HOUR, stored=_A_GB_MONTH_STORED, read=A_TIB_READ,
    )  # fmt: skip
    write_but_section(folder / "SCALE.md", "\n".join([*head, *by_size(dict(lines))]) + "\n" + text)


def by_size(figures: Mapping[str, Callable[[int], str]]) -> list[str]:
    """Return the lines of a table of figures, by name, each of the number of contracts."""
    head = ["| contracts | " + " | ".join(f"{size:,}" for size in SIZES) + " |", "|---|" + "---:|" * len(SIZES)]
    return head + [f"| {name} | " + " | ".join(map(figure, SIZES)) + " |" for name, figure in figures.items()]


class _Figures:
    """What a contract costs, seconds and bytes."""

    def __init__(self, results: dict[str, dict[str, Result]], world: World) -> None:
        rows = world.rows
        self.raw = sum(path.stat().st_size for path in world.raw_folder.glob("*.csv")) / rows
        self.star = sum(path.stat().st_size for path in world.star_folder.glob("*.csv")) / rows
        self.download = results["download"][OURS].figure("wall") / rows
        self.transform = results["tables"][OURS].figure("cpu") / rows
        self.upload = results["upload"][OURS].figure("cpu") / rows
        self.parquet = _parquet_bytes(world) / rows
        largest = max(world.star.tables.values(), key=lambda table: sum(file.bytes for file in table.files))
        self._largest = sum(file.bytes for file in largest.files) / rows
        self.billing = Billing.of_sample(world.star, world.star_folder, rows)
        (few, less), (many, more) = _peaks(results[GROWTH], rows)
        self._dimension = max(more - less, 0) / (many - few)
        self._streaming = less - few * self._dimension

    def jobs(self, rows: int) -> int:
        """Count the load jobs of the largest table."""
        return -int(-self._largest * rows // CSV_BYTES_A_FILE)

    def memory(self, rows: int) -> float:
        """Give the bytes of two workers: what streams stays, what finds members grows with them."""
        return self._streaming + self._dimension * rows

    def dollars_a_night(self, rows: int) -> float:
        """Return the price of the cores and of what BigQuery reads."""
        hours = (self.transform + self.upload) * rows / 3600 + self.download * rows / 3600
        read = self.billing.load(rows) + self.billing.dashboard(rows)
        return hours * _A_CORE_HOUR + read / 2**40 * A_TIB_READ

    def dollars_stored(self, rows: int) -> float:
        """Return the price of a month: the published tables, and a week of runs in a bucket."""
        runs = 7 * (self.raw + self.star)
        return (self.billing.stored(rows) * _A_GB_MONTH_STORED + runs * rows * _A_GB_MONTH_IN_BUCKET) / 1e9


def _peaks(results: dict[str, Result], rows: int) -> list[tuple[int, float]]:
    """Return what stage 2 takes at a third of the rows and of the members, and at all, in bytes."""
    peaks = [result.figure("peak") * 1e6 for name, result in results.items() if "transform" in name]
    return list(zip((rows // TIMES, rows), peaks, strict=True))


def _parquet_bytes(world: World) -> int:
    files = [file for table in world.star.tables.values() for file in table.files]
    return sum(file.parquet.bytes for file in files if file.parquet)


def shown(value: float) -> str:
    """Write a figure with three digits that mean something."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
