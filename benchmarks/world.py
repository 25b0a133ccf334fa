"""A company at some size, as the jobs need it: its source, a raw run, a star, and how to call all."""

import json
import os
import shutil
import sys
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path

import psycopg2

from benchmarks.company import SAMPLE, Company
from benchmarks.equal import typed_columns
from benchmarks.measure import Command, Measured, measure
from config.paths import ROOT
from etl.core.clock import years_before
from etl.core.manifest import RawManifest, StarManifest
from etl.core.runs import Store

HERE = ROOT / "benchmarks"
PEERS = ROOT / ".venv-peers" / "bin" / "python"
ZONE = "Europe/Madrid"
DOWNLOAD, TRANSFORM, UPLOAD = "SQLDownloadMain.py", "TablesTransformMain.py", "benchmarks/upload.py"
LOAD = "LoadFilesBQ.py"
_NO_FSYNC = str(HERE / "nofsync")
_WINDOW_YEARS = 3
_MADE_SECONDS, _MADE_MB = 3600.0, 1e9


@dataclass(frozen=True)
class World:
    """A company of `rows` contracts or lines, whose database is at `url` and whose runs lie beneath `folder`.

    made: how long each stage took when the runs were made that all jobs begin with, with the default receipts.
    """

    rows: int
    folder: Path
    url: str
    psql: Path
    company: Company = SAMPLE
    made: dict[str, Measured] = field(default_factory=dict)

    @cached_property
    def raw(self) -> RawManifest:
        """The raw run that all later stages begin with."""
        return Store(self.folder / "base").raw.newest("")

    @cached_property
    def star(self) -> StarManifest:
        """The star that all later stages begin with."""
        return Store(self.folder / "base").star.newest("")

    @property
    def raw_folder(self) -> Path:
        """Where the raw CSVs lie."""
        return self.folder / "base" / "1_raw" / self.raw.run

    @property
    def star_folder(self) -> Path:
        """Where the star's CSVs lie."""
        return self.folder / "base" / "2_star" / self.star.run

    def star_files(self, table: str) -> list[Path]:
        """List the CSVs of a star table."""
        return [self.star_folder / file.name for file in self.star.tables[table].files]

    @property
    def view(self) -> str:
        """The view of the database that gives what the company's largest query does."""
        return f"{self.company.stream}_as_queried"

    @property
    def day(self) -> date:
        """The night's business date."""
        return date.fromisoformat(self.star.business_date)

    @property
    def window_start(self) -> date:
        """From when on deployments are published, by their close."""
        return years_before(self.day, _WINDOW_YEARS)

    def ours(self, folder: Path, *arguments: str | Path, with_base: bool = False, **settings: str) -> Command:
        """Call one of our scripts (its name, or -m and a module), with settings of its own in `folder`.

        with_base: it begins with the raw run and the star; else with nothing.
        """
        if with_base:
            shutil.copytree(self.folder / "base", folder / "data", copy_function=os.link)
        settings = {
            "WAREHOUSE": "duckdb", "BUSINESS_TIME_ZONE": ZONE, "WINDOW_YEARS": str(_WINDOW_YEARS),
            "QUERIES_DIR": str(self.company.queries), "TABLES_DIR": str(self.company.tables),
            "DATA_DIR": str(folder / "data"), "DUCKDB_FILE": str(self.folder / "warehouse.duckdb"),
        } | settings  # fmt: skip
        file = folder / "our.env"
        file.write_text("".join(f"{name}={value}\n" for name, value in settings.items()), encoding="utf-8")
        first, *others = arguments
        program = [ROOT / first] if str(first).endswith(".py") else [first]
        environment = {self.company.url_setting: self.url, "PYTHONPATH": f"{_NO_FSYNC}{os.pathsep}{ROOT}"}
        return Command([sys.executable, *program, *others, "--env", file], environment)

    def peer(self, script: str, *arguments: str | Path | date) -> Command:
        """Call a peer's script."""
        return Command([PEERS, HERE / "peers" / script, *map(str, arguments)], {"PYTHONPATH": _NO_FSYNC})

    def plain_query(self, name: str) -> str:
        """Return a query's SQL without comments and binds."""
        lines = (self.company.queries / f"{name}.sql").read_text(encoding="utf-8").splitlines()
        sql = "\n".join(line for line in lines if not line.startswith("--"))
        return sql.replace(":business_time_zone", f"'{ZONE}'").replace(":since", "'-infinity'")

    def peers_query(self, name: str) -> str:
        """Return a query whose times are texts: Python's datetime holds no `infinity` and no year 15000."""
        columns = [
            f"{column.name}::text AS {column.name}" if column.type.startswith("timestamp") else column.name
            for column in self.raw.tables[name].columns
        ]
        return f"SELECT {', '.join(columns)} FROM (\n{self.plain_query(name)}\n) AS query\n"

    def make(self) -> None:
        """Build what the later stages begin with, and measure that. Raises RuntimeError where a stage fails."""
        shutil.rmtree(self.folder / "base", ignore_errors=True)
        self.folder.mkdir(parents=True, exist_ok=True)
        base = str(self.folder / "base")
        for script, *others in ((DOWNLOAD,), (TRANSFORM,), (UPLOAD, "upload")):
            command = self.ours(self.folder, script, *others, DATA_DIR=base)
            self.made[script] = measured = measure(command, self.folder, _MADE_SECONDS, _MADE_MB)
            if measured.error:
                raise RuntimeError(f"{self.company.name}, {self.rows:,} rows: {script}: {measured.error}")
            told = f"{measured.wall:.2f} s, {measured.peak:,.0f} MB"
            print(f"{self.company.name}, {self.rows:,} rows  {script}: {told}", file=sys.stderr, flush=True)

    def make_ready_for_peers(self) -> None:
        """Write what the peers read: queries without binds, the star's files with their types, a view."""
        for query in self.raw.tables:
            _write(self.folder / "peers_queries" / f"{query}.sql", self.peers_query(query))
        stream = self.company.stream
        one_query = self.folder / "one_query"
        one_query.mkdir(exist_ok=True)
        shutil.copy(self.company.queries / f"{stream}.sql", one_query)
        _write(self.folder / f"{stream}.sql", self.plain_query(stream))
        _write(self.folder / "tables.json", json.dumps(self._typed_files()))
        with closing(psycopg2.connect(self.url)) as connection, connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE OR REPLACE VIEW {self.view} AS {self.peers_query(stream)}")

    def _typed_files(self) -> dict[str, object]:
        """Name each star table's files and DuckDB's types of its columns."""
        return {
            name: {
                "files": [str(file) for file in self.star_files(name)],
                "types": typed_columns(self.company.tables, name),
            }
            for name in self.star.tables
        }


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
