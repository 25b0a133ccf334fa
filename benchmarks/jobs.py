"""The jobs of both companies: ours and what stands beside it, each way as good as we could write it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from benchmarks.bars import BOTH_FILES, OFF, OURS, bars_of, of_uploaded
from benchmarks.equal import differing_lines, differing_rows
from benchmarks.job import Bar, Job, Way
from benchmarks.measure import Command
from benchmarks.tpch.data import differing_answers
from benchmarks.world import DOWNLOAD, TRANSFORM, UPLOAD, ZONE, World

DEFAULT = "rows"
"""The setting RECEIPTS where nothing is said."""
PREPARE = "benchmarks/prepare.py"
_TEXTS = "times as texts, for Python's datetime holds no `infinity` and no year 15000"
_SUMS = "count(*), sum(instances), sum(gross_revenue::DECIMAL(18,2)), sum(net_revenue::DECIMAL(18,2))"


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

    def same(folder: Path) -> str:
        [found] = folder.glob(f"data/1_raw/*/{written}") if (folder / "data").exists() else [folder / written]
        return "its lines are others" if differing_lines(world.raw_folder / written, found) else ""

    others = (
        Way("ConnectorX", lambda _: world.peer("download_connectorx.py", world.url, query, written)),
        Way("dlt", lambda _: world.peer("download_dlt.py", world.url, world.view, stream), note=_TEXTS),
        Way("pandas", lambda _: world.peer("download_pandas.py", world.url, texts, written), note=_TEXTS),
    )
    ways = (
        Way(OFF, lambda folder: ours(folder, "off"), same),
        Way(OURS, ours, same),
        Way("psql", psql, same, note="`\\copy`, the limit"),
        *(others if world.company.is_sample else ()),
    )
    return job_of(world, "download", f"One table of the source to CSV ({stream})", ways)


def fact(world: World) -> Job:
    """The raw CSV to the company's fact."""
    name = world.company.fact

    def ours(folder: Path, receipts: str = DEFAULT) -> Command:
        return world.ours(folder, TRANSFORM, "--only", name, with_base=True, RECEIPTS=receipts)

    def newest(folder: Path) -> str:
        return _difference(world, name, _newest_star(folder, f"{name}.*csv"), folder)

    def peer(which: str, note: str = "", called: str = "", out: str = "csv") -> Way:
        return Way(
            called or which,
            lambda _: _peers_fact(world, which, f"{name}.{out}"),
            lambda folder: _difference(world, name, [folder / f"{name}.{out}"], folder),
            note,
        )

    ways = (
        Way(OFF, lambda folder: ours(folder, "off"), newest),
        Way(OURS, ours, newest),
        peer("polars", "one lazy query, `sink_csv`"),
        peer("polars", "which is what ours writes", BOTH_FILES, "parquet"),
        peer("duckdb"),
        *((peer("pandas", "floats for money"),) if world.company.is_sample else ()),
    )
    return job_of(world, "fact", f"The raw CSV to the fact ({name})", ways)


def parquet(world: World) -> Job:
    """The raw CSV to the Parquet that is staged, of the fact."""
    name = world.company.fact

    def ours(folder: Path) -> str:
        return _difference(world, name, _newest_star(folder, f"{name}.*parquet"), folder)

    def theirs(folder: Path) -> str:
        return _difference(world, name, [folder / f"{name}.parquet"], folder)

    ways = (
        Way(OURS, lambda folder: world.ours(folder, PREPARE, name, ".", with_base=True), ours, "stages 2 and 3"),
        Way("duckdb", lambda _: _peers_fact(world, "duckdb", f"{name}.parquet"), theirs, "no CSV between"),
    )
    return job_of(world, "parquet", f"The raw CSV to staged Parquet ({name})", ways)


def upload(world: World) -> Job:
    """The star's files to what is uploaded."""
    files, pandas = world.folder / "tables.json", "as `load_table_from_dataframe`"

    def same(folder: Path) -> str:
        found = {name: [folder / f"{name}.parquet"] for name in world.star.tables}
        return "; ".join(filter(None, (_difference(world, name, each, folder) for name, each in found.items())))

    ways = (
        Way(OURS, lambda folder: world.ours(folder, UPLOAD, ".", with_base=True), note="stage 2's Parquet, checked"),
        Way("duckdb", lambda _: world.peer("upload_duckdb.py", files, "."), same, "`COPY … (COMPRESSION zstd)` of CSV"),
        Way("pandas", lambda _: world.peer("upload_pandas.py", files, "."), note=pandas),
    )
    job = job_of(world, "upload", "The star's files to the Parquet that is uploaded", ways)
    csv, uploaded = _star_megabytes(world)
    return replace(job, bars=(*job.bars, *named(world, [of_uploaded(uploaded / csv)])))


def night(world: World) -> Job:
    """All three stages."""

    def ours(folder: Path, receipts: str = DEFAULT) -> Command:
        warehouse = str(_warehouse(folder))
        return world.ours(folder, "-m", "etl", "night", DUCKDB_FILE=warehouse, RECEIPTS=receipts)

    def pandas(_: Path) -> Command:
        queries = world.folder / "peers_queries"
        return world.peer("night_pandas.py", world.url, queries, "night", ZONE, world.window_start, world.day)

    def answers(folder: Path) -> str:
        if not world.company.is_sample:
            return "; ".join(differing_answers(world.url, _warehouse(folder)))
        with duckdb.connect(str(_warehouse(folder)), read_only=True) as published:
            return _other_sums(world, published.execute(f"SELECT {_SUMS} FROM fact_sales").fetchall())

    def sums(folder: Path) -> str:
        csv = f"read_csv('{folder / 'night' / '2_star' / 'fact_sales.csv'}', header = true)"
        return _other_sums(world, duckdb.execute(f"SELECT {_SUMS} FROM {csv}").fetchall())

    note = "no checks, up to the files to upload; " + _TEXTS
    ways = (
        Way(OFF, lambda folder: ours(folder, "off"), answers),
        Way(OURS, ours, answers, note="checked, and published into the DuckDB warehouse"),
        *((Way("pandas", pandas, sums, note),) if world.company.is_sample else ()),
    )
    title = f"The whole night: {len(world.raw.tables)} queries, {len(world.star.tables)} tables"
    return job_of(world, "night", title, ways)


def job_of(world: World, name: str, title: str, ways: Sequence[Way]) -> Job:
    """Put ways and bars together; of another company than the sample, name and title say so."""
    company = world.company
    bars = named(world, bars_of(company, name))
    if company.is_sample:
        return Job(name, title, tuple(ways), bars)
    return Job(f"{company.source}-{name}", f"{company.name}: {title}", tuple(ways), bars)


def named(world: World, bars: Sequence[Bar]) -> tuple[Bar, ...]:
    """Return in the bars' names which company they are of, unless it is the sample."""
    company = world.company
    return tuple(bars) if company.is_sample else tuple(replace(bar, name=f"{company.name}: {bar.name}") for bar in bars)


def _star_megabytes(world: World) -> tuple[float, float]:
    """Return the size of the star's CSV, and of its Parquet."""
    files = [file for table in world.star.tables.values() for file in table.files]
    return sum(file.bytes for file in files) / 1e6, sum(file.parquet.bytes for file in files if file.parquet) / 1e6


def _peers_fact(world: World, which: str, out: str) -> Command:
    """Call the peer's script that makes the company's fact."""
    script = f"{world.company.fact_script}_{which}.py"
    more = (ZONE, world.window_start) if world.company.is_sample else ()
    return world.peer(script, world.raw_folder, world.star_folder, out, *more)


def _newest_star(folder: Path, pattern: str) -> list[Path]:
    return sorted(sorted((folder / "data" / "2_star").iterdir())[-1].glob(pattern))


def _difference(world: World, table: str, files: Sequence[Path], folder: Path) -> str:
    """Return by how many rows a way's table and ours differ."""
    differing = differing_rows(world.company.tables, table, world.star_files(table), files, folder / "spill")
    return f"{table}: its rows are others: {differing:,} stand on one side alone" if differing else ""


def _other_sums(world: World, found: Sequence[object]) -> str:
    """Return by which sums a way's sales differ from the star's."""
    files = [str(file) for file in world.star_files("fact_sales")]
    ours = duckdb.execute(f"SELECT {_SUMS} FROM read_csv({files}, header = true)").fetchall()
    return "" if ours == found else f"its sales are others: {found} instead of {ours}"


def _warehouse(folder: Path) -> Path:
    return folder / "warehouse.duckdb"
