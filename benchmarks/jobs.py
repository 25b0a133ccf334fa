"""The jobs: ours and what stands beside it, each way as good as we could write it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.bars import ALONE, OFF, OURS, bars_of, of_growth, of_upload_bytes
from benchmarks.company import SAMPLE
from benchmarks.equal import differing_rows
from benchmarks.job import Bar, Job, Way
from benchmarks.measure import Command
from benchmarks.tpch.data import differing_answers
from benchmarks.world import ZONE, World

DEFAULT = "rows"
"""The setting RECEIPTS where nothing is said."""
DOWNLOAD, TRANSFORM, UPLOAD = "SQLDownloadMain.py", "TablesTransformMain.py", "benchmarks/upload.py"
PREPARE = "benchmarks/prepare.py"
_TEXTS = "times as texts, for Python's datetime holds no `infinity` and no year 15000"


def download(world: World) -> Job:
    """One table to CSV."""
    stream = world.company.stream
    query, written = world.folder / f"{stream}.sql", f"{stream}.csv"
    texts = world.folder / "peers_queries" / f"{stream}.sql"

    def ours(folder: Path, receipts: str = DEFAULT) -> Command:
        queries = str(world.folder / "one_query")
        return world.ours(folder, DOWNLOAD, QUERIES_DIR=queries, RECEIPTS=receipts)

    def psql(_: Path) -> Command:
        copy = f"\\copy ({' '.join(query.read_text(encoding='utf-8').split())}) TO '{written}' (FORMAT csv, HEADER)"
        return Command([world.psql, world.url, "-X", "-q", "-c", copy], {"PGTZ": "UTC"})

    others = (
        Way("ConnectorX", lambda _: world.peer("download_connectorx.py", world.url, query, written)),
        Way("dlt", lambda _: world.peer("download_dlt.py", world.url, world.view, stream), note=_TEXTS),
        Way("pandas", lambda _: world.peer("download_pandas.py", world.url, texts, written), note=_TEXTS),
    )
    ways = (
        Way(OFF, lambda folder: ours(folder, "off")),
        Way(OURS, ours),
        Way("psql", psql, note="`\\copy`, the limit"),
        *(others if world.company is SAMPLE else ()),
    )
    return _job(world, "download", f"One table of the source to CSV ({stream})", ways)


def fact(world: World) -> Job:
    """The raw CSV to the company's fact."""
    name = world.company.fact

    def ours(folder: Path, receipts: str = DEFAULT) -> Command:
        return world.ours(folder, TRANSFORM, "--only", name, with_base=True, RECEIPTS=receipts)

    def newest(folder: Path) -> str:
        return _difference(
            world, sorted(sorted((folder / "data" / "2_star").iterdir())[-1].glob(f"{name}.*csv")), folder
        )

    def peer(which: str, note: str = "") -> Way:
        return Way(
            which,
            lambda _: _peers_fact(world, which, f"{name}.csv"),
            lambda folder: _difference(world, [folder / f"{name}.csv"], folder),
            note,
        )

    ways = (
        Way(OFF, lambda folder: ours(folder, "off"), newest),
        Way(OURS, ours, newest),
        peer("polars", "one lazy query, `sink_csv`"),
        peer("duckdb"),
        *((peer("pandas", "floats for money"),) if world.company is SAMPLE else ()),
    )
    return _job(world, "fact", f"The raw CSV to the fact ({name})", ways)


def parquet(world: World) -> Job:
    """The raw CSV to the Parquet that is staged, of the fact."""
    name = world.company.fact
    ways = (
        Way(OURS, lambda folder: world.ours(folder, PREPARE, name, ".", with_base=True), note="stages 2 and 3"),
        Way("duckdb", lambda _: _peers_fact(world, "duckdb", f"{name}.parquet"), note="no CSV between"),
    )
    return _job(world, "parquet", f"The raw CSV to staged Parquet ({name})", ways)


def tables(world: World) -> Job:
    """All tables of the star, beside the largest alone."""
    ways = (
        Way(OURS, lambda folder: world.ours(folder, TRANSFORM, with_base=True)),
        Way(ALONE, lambda folder: world.ours(folder, TRANSFORM, "--only", world.company.fact, with_base=True)),
    )
    return _job(world, "tables", f"All {len(world.star.tables)} tables of the star, beside the fact alone", ways)


def upload(world: World) -> Job:
    """The star's CSV to what is uploaded."""
    files, pandas = world.folder / "tables.json", "as `load_table_from_dataframe`"
    ways = (
        Way(OURS, lambda folder: world.ours(folder, UPLOAD, ".", with_base=True)),
        Way("duckdb", lambda _: world.peer("upload_duckdb.py", files, "."), note="`COPY … TO … (COMPRESSION zstd)`"),
        Way("pandas", lambda _: world.peer("upload_pandas.py", files, "."), note=pandas),
    )
    job = _job(world, "upload", "The star's CSV to the Parquet that is uploaded", ways)
    return replace(job, bars=(*job.bars, *_named(world, (of_upload_bytes(_star_megabytes(world)),))))


def night(world: World) -> Job:
    """All three stages."""

    def ours(folder: Path, receipts: str = DEFAULT) -> Command:
        warehouse = str(_warehouse(folder))
        return world.ours(folder, "-m", "etl", "night", DUCKDB_FILE=warehouse, RECEIPTS=receipts)

    def pandas(_: Path) -> Command:
        queries = world.folder / "peers_queries"
        return world.peer("night_pandas.py", world.url, queries, "night", ZONE, world.window_start, world.day)

    def answers(folder: Path) -> str:
        if world.company is SAMPLE:
            return ""
        return "; ".join(differing_answers(world.url, _warehouse(folder)))

    plain = Way("pandas", pandas, note="no checks, up to the files to upload; " + _TEXTS)
    ways = (
        Way(OFF, lambda folder: ours(folder, "off"), answers),
        Way(OURS, ours, answers, note="checked, and published into the DuckDB warehouse"),
        *((plain,) if world.company is SAMPLE else ()),
    )
    title = f"The whole night: {len(world.raw.tables)} queries, {len(world.star.tables)} tables"
    return _job(world, "night", title, ways)


def help_(world: World) -> Job:
    """How soon a script answers."""
    return _job(
        world,
        "help",
        "`SQLDownloadMain.py --help`",
        (Way(OURS, lambda folder: world.ours(folder, DOWNLOAD, "--help")),),
    )


def memory(world: World, larger: World) -> Job:
    """The three stages at two sizes: memory stays, time grows with the rows."""
    factor = larger.rows / world.rows
    ways: list[Way] = []
    bars: list[Bar] = []
    for stage, script, others, base in (
        ("download", DOWNLOAD, (), False),
        ("transform", TRANSFORM, (), True),
        ("upload preparation", UPLOAD, (".",), True),
    ):
        for each in (world, larger):
            ways.append(Way(f"ours, {stage}, {each.rows:,} rows", _call(each, script, others, base)))
        small, large = (f"ours, {stage}, {each.rows:,} rows" for each in (world, larger))
        bars += of_growth(stage, large, small, factor)
    return Job("memory", f"Ours at {world.rows:,} and {larger.rows:,} rows", tuple(ways), tuple(bars))


def _call(world: World, script: str, others: tuple[str, ...], with_base: bool) -> Callable[[Path], Command]:
    return lambda folder: world.ours(folder, script, *others, with_base=with_base)


def _star_megabytes(world: World) -> float:
    return sum(file.bytes for table in world.star.tables.values() for file in table.files) / 1e6


def _job(world: World, name: str, title: str, ways: Sequence[Way]) -> Job:
    """Put ways and bars together; of another company than the sample, name and title say so."""
    company = world.company
    bars = _named(world, bars_of(company, name))
    if company is SAMPLE:
        return Job(name, title, tuple(ways), bars)
    return Job(f"{company.source}-{name}", f"{company.name}: {title}", tuple(ways), bars)


def _named(world: World, bars: Sequence[Bar]) -> tuple[Bar, ...]:
    company = world.company
    return tuple(bars) if company is SAMPLE else tuple(replace(bar, name=f"{company.name}: {bar.name}") for bar in bars)


def _peers_fact(world: World, which: str, out: str) -> Command:
    """Call the peer's script that makes the company's fact."""
    script = f"{world.company.fact_script}_{which}.py"
    more = (ZONE, world.window_start) if world.company is SAMPLE else ()
    return world.peer(script, world.raw_folder, world.star_folder, out, *more)


def _difference(world: World, files: Sequence[Path], folder: Path) -> str:
    """Say by how many rows a way's fact and ours differ."""
    name, tables_ = world.company.fact, world.company.tables
    differing = differing_rows(tables_, name, world.star_files(name), files, folder / "spill")
    return f"its rows are others: {differing:,} stand on one side alone" if differing else ""


def _warehouse(folder: Path) -> Path:
    return folder / "warehouse.duckdb"
