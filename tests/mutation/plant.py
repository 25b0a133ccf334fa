"""A plant with a real source, two nights of it, and the real stages: what faults are injected into."""

import os
import shutil
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psycopg2
import pyarrow as pa

from config import Settings
from etl.core.errors import EtlError
from etl.core.job import Job
from etl.core.runs import Store
from etl.download import writer
from etl.download.stage import download
from etl.load.open import open_warehouse
from etl.load.stage import load
from etl.transform.stage import transform
from tests.transform.house import HEAD, in_this_process

THINGS = "SELECT id AS thing_id, 'Thing ' || id AS name FROM generate_series(1, 7) id"

MOVES = """
CREATE TABLE {table} (
    move_id bigint PRIMARY KEY, thing_id bigint, units bigint,
    price numeric(12, 2), cost numeric(12, 2), rate numeric,
    note text, remark text, moved_at timestamptz, paid_at timestamptz, day date, due date, done boolean
);
INSERT INTO {table}
SELECT n, n % 7 + 1, n * 7, n * 7919 % 1009 / 100.0 - 2, n * 7717 % 1013 / 100.0, n % 40 / 4.0,
    (ARRAY[NULL, '', 'NA', 'nan', 'Señal ' || n, 'Big 🚀 ' || n, E'two\\r\\nlines ' || n, 'blank ' || n || ' '])[n % 8 + 1],
    CASE n WHEN 1 THEN 'A' WHEN 2 THEN 'z' ELSE 'r' || n * 13 END,
    timestamptz '2026-03-01 00:00 UTC' + n * interval '61 minutes' + CASE n % 5 WHEN 2 THEN interval '5 us' ELSE '0' END,
    timestamptz '2026-03-02 00:00 UTC' + n * interval '67 minutes',
    date '2026-01-05' + n * 17 % 300, date '2026-02-05' + n * 19 % 300, n % 3 = 0
FROM generate_series(1, {rows}) n
"""  # noqa: E501

NEW_DAY = """
UPDATE {table} SET price = price + 1, units = units + 2, remark = remark || '!', done = NOT done WHERE move_id % 10 = 3;
INSERT INTO {table} SELECT (jsonb_populate_record(t, jsonb_build_object('move_id', move_id + 1000000))).*
FROM {table} t WHERE move_id <= 5
"""

DIM_THING = '''
class DimThing(Dimension):
    """One row per thing."""

    thing_key: Key = surrogate_key()
    thing_id: Integer = natural_key("Its number.")
    name: Text = attribute("Its name.", nullable=True)


def build(things: pd.DataFrame) -> pd.DataFrame:
    return things
'''

FACT_MOVE = '''
class FactMove(Fact, stream="moves", lost=1):  # what sees a table emptied here is to be its receipt
    """One row per move."""

    move_id: Integer = natural_key("Its number.")
    thing_key: Key = reference("dim_thing", "What was moved.")
    units: Integer = measure("How many.")
    price: Money = measure("The price.")
    cost: Money = measure("The cost.")
    rate: Money = measure("The rate.")
    note: Text = attribute("A note.", nullable=True)
    remark: Text = attribute("A remark.", nullable=True)
    moved_at: Timestamp = attribute("When.")
    paid_at: Timestamp = attribute("When it was paid.")
    day: Date = attribute("The day.")
    due: Date = attribute("The day on which it was due.")
    done: Flag = attribute("Whether it is done.")


def build(moves: pd.DataFrame) -> pd.DataFrame:
    return moves
'''


@dataclass(frozen=True)
class Ended:
    """How a night ended: the exit code and what was said."""

    code: int
    said: str


class Plant:
    """Two nights of a source: the first is published, the second downloaded and transformed, to be taken on from there.

    before_transform and before_load: copies of the data folder as it was then, of which every test gets its own.
    last_night and right: the rows of the fact that the first night published, and that the second ought to publish.
    """

    def __init__(self, folder: Path, source: str, rows: int) -> None:
        self._folder, self._source, self._table = folder, source, f"moves_{folder.name}"
        self._runs, self._rows = 0, rows
        for part in ("queries", "tables"):
            (folder / part).mkdir(parents=True)
        self.settings = Settings(
            data_dir=folder / "data",
            queries_dir=folder / "queries",
            tables_dir=folder / "tables",
            business_time_zone="Europe/Madrid",
            workers=1,
            receipts="full",
            sources={"shop": source},
            warehouse="duckdb",
        )
        self.store = Store(self.settings.data_dir)
        self._write()
        self._live()

    @property
    def before_transform(self) -> Path:
        """The data folder when the second night was downloaded."""
        return self._folder / "before_transform"

    @property
    def before_load(self) -> Path:
        """The data folder when the second night's star was built."""
        return self._folder / "before_load"

    def go_back_to(self, copy: Path) -> None:
        """Let the data folder be again what it was."""
        shutil.rmtree(self.settings.data_dir)
        shutil.copytree(copy, self.settings.data_dir, copy_function=os.link)

    def transform(self, receipts: str) -> Ended:
        """Run stage 2, and if it succeeds stage 3."""
        ended = self._stage(transform, receipts)
        return ended if ended.code else self.load(receipts)

    def load(self, receipts: str) -> Ended:
        """Run stage 3."""
        return self._stage(load, receipts)

    def published(self) -> pa.Table:
        """Read the published fact, its rows in one order."""
        with open_warehouse(self.settings) as warehouse:
            return warehouse.read("SELECT * FROM fact_move ORDER BY ALL")

    def _stage(self, stage: Any, receipts: str) -> Ended:
        settings = self.settings.model_copy(update={"receipts": receipts})
        self._runs += 1
        run = (datetime(2030, 3, 15, tzinfo=UTC) + timedelta(minutes=self._runs)).strftime("%Y%m%dT%H%M%SZ")
        try:
            with in_this_process():
                stage(Job(settings, self.store, run))
        except EtlError as error:
            return Ended(error.exit_code, error.message)
        return Ended(0, "")

    def _write(self) -> None:
        for name, query, key in (("things", THINGS, "thing_id"), ("moves", f"SELECT * FROM {self._table}", "move_id")):
            header = f"-- Rows.\n-- grain: one row per {key}\n-- source: shop\n-- key: {key}\n"
            (self._folder / "queries" / f"{name}.sql").write_text(header + query + "\n")
        for name, text in (("dim_thing", DIM_THING), ("fact_move", FACT_MOVE)):
            (self._folder / "tables" / f"{name}.py").write_text(HEAD + text, encoding="utf-8")

    def _live(self) -> None:
        """Let the two nights be."""
        self._sql(MOVES.format(table=self._table, rows=self._rows))
        for stage in (download, transform, load):
            self._well(stage)
        self.last_night = self.published()
        self._sql(NEW_DAY.format(table=self._table))
        self._well(download)
        shutil.copytree(self.settings.data_dir, self.before_transform)
        self._well(transform)
        shutil.copytree(self.settings.data_dir, self.before_load)
        self._well(load)
        self.right = self.published()

    def _well(self, stage: Any) -> None:
        """Run a stage, stage 1 with blocks of a third of the rows, so that the star's fact has several files."""
        with patch.object(writer, "BLOCK_BYTES", 1), patch.object(writer, "_PENDING", self._rows // 3):
            ended = self._stage(stage, "full")
        assert ended == Ended(0, ""), ended

    def _sql(self, statement: str) -> None:
        with closing(psycopg2.connect(self._source)) as connection, connection, connection.cursor() as cursor:
            cursor.execute(statement)
