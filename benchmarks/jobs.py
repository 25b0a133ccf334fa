"""The jobs: ours and what stands beside it, each way as good as we could write it."""

from collections.abc import Callable
from pathlib import Path

from benchmarks.job import Bar, Job, Way
from benchmarks.measure import Command
from benchmarks.world import VIEW, ZONE, World

OURS, OFF, ALONE = "ours", "ours, receipts off", "ours, the sales fact alone"
DEFAULT = "rows"
"""The setting RECEIPTS where nothing is said."""
DOWNLOAD, TRANSFORM, UPLOAD = "SQLDownloadMain.py", "TablesTransformMain.py", "benchmarks/upload.py"
_TEXTS = "times as texts, for Python's datetime holds no `infinity` and no year 15000"


def download(world: World) -> Job:
    """One table to CSV."""
    query = world.folder / "contracts.sql"
    texts = world.folder / "peers_queries" / "contracts.sql"

    def ours(folder: Path, receipts: str = DEFAULT) -> Command:
        queries = str(world.folder / "one_query")
        return world.ours(folder, DOWNLOAD, QUERIES_DIR=queries, RECEIPTS=receipts)

    def psql(_: Path) -> Command:
        copy = f"\\copy ({' '.join(query.read_text(encoding='utf-8').split())}) TO 'contracts.csv' (FORMAT csv, HEADER)"
        return Command([world.psql, world.url, "-X", "-q", "-c", copy], {"PGTZ": "UTC"})

    return Job(
        "download",
        "One table of the source to CSV (contracts)",
        (
            Way(OFF, lambda folder: ours(folder, "off")),
            Way(OURS, ours),
            Way("psql", psql, note="`\\copy`, the limit"),
            Way("ConnectorX", lambda _: world.peer("download_connectorx.py", world.url, query, "contracts.csv")),
            Way("dlt", lambda _: world.peer("download_dlt.py", world.url, VIEW, "contracts"), note=_TEXTS),
            Way("pandas", lambda _: world.peer("download_pandas.py", world.url, texts, "contracts.csv"), note=_TEXTS),
        ),
        (
            Bar("download, receipts off: wall beside psql", 1.05, "wall", OFF, "psql"),
            Bar("download: wall beside psql", 1.4, "wall", OURS, "psql"),
            Bar("download, receipts off: peak memory, MB", 100, "peak", OFF),
            Bar("download: peak memory, MB", 100, "peak", OURS),
        ),
    )


def sales(world: World) -> Job:
    """The raw CSV to the sales fact."""

    def ours(folder: Path, receipts: str = DEFAULT) -> Command:
        return world.ours(folder, TRANSFORM, "--only", "fact_sales", with_base=True, RECEIPTS=receipts)

    def newest(folder: Path) -> list[Path]:
        return sorted(sorted((folder / "data" / "2_star").iterdir())[-1].glob("fact_sales.*.csv"))

    def peer(name: str, note: str = "") -> Way:
        script, start = f"sales_{name}.py", world.window_start
        return Way(
            name,
            lambda _: world.peer(script, world.raw_folder, world.star_folder, "fact_sales.csv", ZONE, start),
            lambda folder: [folder / "fact_sales.csv"],
            note,
        )

    return Job(
        "sales",
        "The raw CSV to the sales fact",
        (
            Way(OFF, lambda folder: ours(folder, "off"), newest),
            Way(OURS, ours, newest),
            peer("polars", "one lazy query, `sink_csv`"),
            peer("duckdb"),
            peer("pandas", "floats for money"),
        ),
        (
            Bar("sales fact, receipts off: wall beside polars", 1.0, "wall", OFF, "polars"),
            Bar("sales fact: wall beside polars", 1.6, "wall", OURS, "polars"),
            Bar("sales fact, receipts off: wall beside duckdb", 1.0, "wall", OFF, "duckdb"),
            Bar("sales fact: wall beside duckdb", 1.0, "wall", OURS, "duckdb"),
            Bar("sales fact, receipts off: peak memory, MB", 600, "peak", OFF),
            Bar("sales fact: peak memory, MB", 600, "peak", OURS),
        ),
    )


def tables(world: World) -> Job:
    """All tables of the star, beside the largest alone."""
    return Job(
        "tables",
        "All twelve tables of the star, beside the sales fact alone",
        (
            Way(OURS, lambda folder: world.ours(folder, TRANSFORM, with_base=True)),
            Way(
                ALONE,
                lambda folder: world.ours(folder, TRANSFORM, "--only", "fact_sales", with_base=True),
            ),
        ),
        (Bar("all tables: wall beside the sales fact alone", 3.0, "wall", OURS, ALONE),),
    )


def upload(world: World) -> Job:
    """The star's CSV to what is uploaded."""
    tables, csv = world.folder / "tables.json", _star_megabytes(world)
    return Job(
        "upload",
        "The star's CSV to the Parquet that is uploaded",
        (
            Way(OURS, lambda folder: world.ours(folder, UPLOAD, ".", with_base=True)),
            Way(
                "duckdb", lambda _: world.peer("upload_duckdb.py", tables, "."), note="`COPY … TO … (COMPRESSION zstd)`"
            ),
            Way("pandas", lambda _: world.peer("upload_pandas.py", tables, "."), note="as `load_table_from_dataframe`"),
        ),
        (
            Bar("upload preparation: wall beside duckdb", 1.0, "wall", OURS, "duckdb"),
            Bar("upload preparation: peak memory, MB", 400, "peak", OURS),
            Bar("upload: bytes beside the CSV's", 1 / 6, "written", OURS, factor=csv),
        ),
    )


def night(world: World) -> Job:
    """All three stages."""

    def ours(folder: Path) -> Command:
        return world.ours(folder, "-m", "etl", "night", DUCKDB_FILE=str(folder / "warehouse.duckdb"))

    def pandas(_: Path) -> Command:
        queries = world.folder / "peers_queries"
        return world.peer("night_pandas.py", world.url, queries, "night", ZONE, world.window_start, world.day)

    return Job(
        "night",
        "The whole night: thirteen queries, twelve tables",
        (
            Way(OURS, ours, note="checked, and published into the DuckDB warehouse"),
            Way("pandas", pandas, note="no checks, up to the files to upload; " + _TEXTS),
        ),
        (
            Bar("the night: times faster than pandas", 8, "wall", "pandas", OURS, least=True),
            Bar("the night: memory beside pandas", 1 / 8, "peak", OURS, "pandas"),
        ),
    )


def help_(world: World) -> Job:
    """How soon a script answers."""
    return Job(
        "help",
        "`SQLDownloadMain.py --help`",
        (Way(OURS, lambda folder: world.ours(folder, DOWNLOAD, "--help")),),
        (Bar("--help: seconds", 0.4, "wall", OURS),),
    )


def memory(world: World, larger: World) -> Job:
    """The three stages at two sizes: memory stays, time grows with the rows."""
    factor = larger.rows / world.rows
    ways, bars = [], []
    for stage, script, others, base in (
        ("download", DOWNLOAD, (), False),
        ("transform", TRANSFORM, (), True),
        ("upload preparation", UPLOAD, (".",), True),
    ):
        for each in (world, larger):
            ways.append(Way(f"ours, {stage}, {each.rows:,} rows", _call(each, script, others, base)))
        small, large = (f"ours, {stage}, {each.rows:,} rows" for each in (world, larger))
        bars.append(Bar(f"{stage}: memory at {factor:g} times the rows", 1.1, "peak", large, small))
        bars.append(
            Bar(f"{stage}: time by row at {factor:g} times the rows", 1.15, "wall", large, small, factor=factor)
        )
    return Job("memory", f"Ours at {world.rows:,} and {larger.rows:,} rows", tuple(ways), tuple(bars))


def _call(world: World, script: str, others: tuple[str, ...], with_base: bool) -> Callable[[Path], Command]:
    return lambda folder: world.ours(folder, script, *others, with_base=with_base)


def _star_megabytes(world: World) -> float:
    return sum(file.bytes for table in world.star.tables.values() for file in table.files) / 1e6
