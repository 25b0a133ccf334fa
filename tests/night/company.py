"""A company so small that its night takes a few seconds: one table, out of SQLite, into DuckDB."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from config.paths import ROOT
from tests.published import reading

DIM_THING = '''"""Things."""

import pandas as pd

from etl.contract import Dimension, Integer, Key, Text, attribute, natural_key, surrogate_key


class DimThing(Dimension):
    """One row per thing."""

    thing_key: Key = surrogate_key()
    thing_id: Integer = natural_key("Its number.")
    night: Integer = attribute("The night whose value it is.", unknown=0)
    name: Text = attribute("Its name.", nullable=True)


def build(things: pd.DataFrame) -> pd.DataFrame:
    return things
'''


class Company:
    """Its files beneath one folder."""

    def __init__(self, folder: Path, rows: int = 10) -> None:
        self.folder = folder
        self.settings: dict[str, str] = {}
        for name in ("queries", "tables"):
            (folder / name).mkdir(parents=True)
        (folder / "tables/dim_thing.py").write_text(DIM_THING)
        self.query("SELECT thing_id, night, name FROM things")
        self.rows(rows)

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.folder / "data"

    def query(self, sql: str) -> None:
        """Write the one query."""
        header = "-- Things.\n-- grain: one row per thing\n-- source: shop\n-- key: thing_id\n"
        (self.folder / "queries/things.sql").write_text(f"{header}-- types: night bigint\n{sql}\n")

    def rows(self, count: int, night: int = 1) -> None:
        """Fill the source: `count` things, each with the night's number."""
        with closing(sqlite3.connect(self.folder / "shop.db")) as shop, shop:
            shop.execute("DROP TABLE IF EXISTS things")
            shop.execute("CREATE TABLE things (thing_id INTEGER, night INTEGER, name TEXT)")
            shop.executemany("INSERT INTO things VALUES (?, ?, 'é €')", [(n, night) for n in range(count)])

    @property
    def env(self) -> Path:
        """The settings file, written anew at each look."""
        lines = {
            "WAREHOUSE": "duckdb",
            "BUSINESS_TIME_ZONE": "Europe/Madrid",
            "DATA_DIR": str(self.data),
            "QUERIES_DIR": str(self.folder / "queries"),
            "TABLES_DIR": str(self.folder / "tables"),
            "SOURCE_SHOP_URL": f"sqlite:///{self.folder / 'shop.db'}",
            "WORKERS": "1",
        } | self.settings
        file = self.folder / "company.env"
        file.write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
        return file

    def command(self, *options: str) -> list[str]:
        """Give the command line of a night."""
        return [sys.executable, "-m", "etl", "night", "--env", str(self.env), *options]

    def night(self, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a night."""
        return self.ended(self.command(*options), **environment)

    def ended(self, command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the project until it ends."""
        return subprocess.run(
            command,
            cwd=ROOT,
            env=os.environ | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def runs(self, stage: str) -> list[str]:
        """Name the committed runs of a stage."""
        return sorted(path.name for path in (self.data / stage).glob("2*"))

    def log(self) -> str:
        """Read the newest night's log."""
        return sorted((self.data / "nights").glob("*.log"))[-1].read_text(encoding="utf-8")

    def last_line(self) -> str:
        """Give the last line of the newest night's log, without its stamp."""
        return self.log().splitlines()[-1].split(" ", 2)[2]

    def published(self) -> list[tuple[int, int]]:
        """Count the published things by night."""
        with reading(self.data / "warehouse.duckdb") as connection:
            query = "SELECT night, count(*) FROM dim_thing WHERE thing_key > 0 GROUP BY night"
            return connection.execute(query).fetchall()
