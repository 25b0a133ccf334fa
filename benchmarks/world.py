"""A company at some size, as the jobs need it: its source, a raw run, a star, and how to call all."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

import psycopg2

from benchmarks.company import SAMPLE, TPCH, Company
from benchmarks.equal import typed_columns
from benchmarks.measure import Command
from benchmarks.tpch import data as tpch
from config.paths import ROOT
from etl.core.clock import years_before
from etl.core.manifest import RawManifest, StarManifest
from etl.core.runs import Store
from sample import generate
from sample.home import home_of
from sample.server import url_of

HERE = ROOT / "benchmarks"
PEERS = ROOT / ".venv-peers" / "bin" / "python"
ZONE = "Europe/Madrid"
_NO_FSYNC = str(HERE / "nofsync")
_WINDOW_YEARS = 3


@dataclass(frozen=True)
class World:
    """A company of `rows` contracts or lines, whose database is at `url` and whose runs lie beneath `folder`."""

    rows: int
    folder: Path
    url: str
    psql: Path
    company: Company = SAMPLE

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
        """Give a query's SQL without comments and binds."""
        lines = (self.company.queries / f"{name}.sql").read_text(encoding="utf-8").splitlines()
        sql = "\n".join(line for line in lines if not line.startswith("--"))
        return sql.replace(":business_time_zone", f"'{ZONE}'")

    def peers_query(self, name: str) -> str:
        """Give a query whose times are texts: Python's datetime holds no `infinity` and no year 15000."""
        columns = [
            f"{column.name}::text AS {column.name}" if column.type.startswith("timestamp") else column.name
            for column in self.raw.tables[name].columns
        ]
        return f"SELECT {', '.join(columns)} FROM (\n{self.plain_query(name)}\n) AS query\n"

    def make(self) -> None:
        """Fill the source and build what the later stages begin with."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        for script in ("SQLDownloadMain.py", "TablesTransformMain.py"):
            command = self.ours(self.folder, script, DATA_DIR=str(self.folder / "base"))
            _run(command.arguments, os.environ | command.environment)
        for query in self.raw.tables:
            _write(self.folder / "peers_queries" / f"{query}.sql", self.peers_query(query))
        stream = self.company.stream
        (self.folder / "one_query").mkdir()
        shutil.copy(self.company.queries / f"{stream}.sql", self.folder / "one_query")
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


def make_world(source: Path, rows: int, folder: Path) -> World:
    """Make the company of so many contracts on the running server of `source`; one that is there is taken as it is."""
    home, database = home_of(source), f"rows_{rows}"
    url = url_of(home, database)
    if generate.info(url) is None:
        generate.fill(url, contracts=rows, database=database)
    world = World(rows, folder, url, home.binaries / "psql")
    world.make()
    return world


def make_tpch(source: Path, scale: float, folder: Path) -> World:
    """Make TPC-H of a scale factor on the running server of `source`, as `make_world` does."""
    home = home_of(source)
    url = tpch.fill(url_of(home, "postgres"), scale, folder.parent)
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM lineitem")
        [(lines,)] = cursor.fetchall()
    world = World(lines, folder, url, home.binaries / "psql", TPCH)
    world.make()
    return world


def set_up_peers() -> None:
    """Make the peers' environment on first use, as test.sh makes ours."""
    set_up = f". ./setup.sh; set_up {PEERS.parent.parent.name} requirements-peers.txt"
    subprocess.run(["/bin/bash", "-c", set_up], cwd=ROOT, check=True)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _run(arguments: Sequence[str | Path], environment: dict[str, str]) -> None:
    done = subprocess.run([str(a) for a in arguments], cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{arguments[1]} exited with {done.returncode}:\n{done.stderr}")
