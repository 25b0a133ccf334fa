"""A small house to build stars in: raw runs written by hand, table files of a few lines, and the real stage."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

import pyarrow as pa

from config import Settings
from config.paths import ROOT
from etl.company.tables import read_tables
from etl.core import arrow_csv
from etl.core.job import Job
from etl.core.manifest import RawColumn, RawManifest, RawTable, StarManifest
from etl.core.origin import origin_of
from etl.core.runs import MANIFEST, Store, run_time
from etl.download import writer
from etl.transform import stage

HEAD = """
import pandas as pd
from etl.contract import *


"""

DIM_SHOP = '''
class DimShop(Dimension):
    """One row per shop."""

    shop_key: Key = surrogate_key()
    shop_id: Integer = natural_key("Its number.")
    name: Text = attribute("Its name.", nullable=True, unknown="Unknown")


def build(shops: pd.DataFrame) -> pd.DataFrame:
    return shops
'''

STREAMED_SHOP = DIM_SHOP.replace("(Dimension)", '(Dimension, stream="shops")')

FACT_SALE = '''
class FactSale(Fact, stream="sales"):
    """One row per sale."""

    sale_id: Integer = natural_key("Its number.")
    shop_key: Key = reference("dim_shop", "The shop.")
    price: Money = measure("What it cost.", ge=0)


def build(sales: pd.DataFrame) -> pd.DataFrame:
    return sales[["sale_id", "shop_id", "price"]]
'''

SHOPS = "shop_id int64, name string"
SALES = "sale_id int64, shop_id int64, price decimal128(12, 2)"

Rows = Sequence[Sequence[str | None]]


@dataclass(frozen=True)
class Raw:
    """What a query is to have delivered: columns as "name type, …", values as COPY writes them, None for NULL."""

    columns: str
    rows: Rows
    key: tuple[str, ...]
    survivor: tuple[str, ...] = ()
    group_by: tuple[str, ...] = ()

    @property
    def kinds(self) -> list[tuple[str, str]]:
        """Names and types."""
        parts = re.split(r", (?=\w+ )", self.columns)
        return [(name, kind) for name, _, kind in (part.partition(" ") for part in parts)]


class House:
    """A settings file's folders, and what is done in them. bucket: in which the data folder is, if it is in one."""

    def __init__(self, folder: Path, bucket: str = "", **tables: str) -> None:
        self.folder = folder
        self.tables_dir = folder / "tables"
        self.tables_dir.mkdir(parents=True)
        self.settings = Settings(
            warehouse="duckdb",
            data_dir=f"gs://{bucket}/etl" if bucket else folder / "data",
            local_dir=folder / "machine",
            tables_dir=self.tables_dir,
            business_time_zone="Europe/Madrid",
            workers=1,
        )
        self.store = Store.of(self.settings)
        self.runs = 0
        self._kept: dict[Path, int] = {}
        self.write(**tables)

    def keep(self, name: str) -> Path:
        """Copy everything as it is now; returns where, to go back to it. name: of what is kept."""
        place = self.folder.with_name(f"{self.folder.name}.{name}")
        shutil.copytree(self.folder, place)
        self._kept[place] = self.runs
        return place

    def go_back_to(self, kept: Path) -> None:
        """Undo everything since it was kept."""
        shutil.rmtree(self.folder)
        shutil.copytree(kept, self.folder)
        self.runs = self._kept[kept]

    def write(self, **tables: str) -> None:
        """Write table files."""
        for name, text in tables.items():
            (self.tables_dir / f"{name}.py").write_text(HEAD + text, encoding="utf-8")

    def next_run(self) -> str:
        """Name a run, a minute after the last one."""
        self.runs += 1
        return datetime(2030, 3, 15, self.runs // 60, self.runs % 60, tzinfo=UTC).strftime("%Y%m%dT%H%M%SZ")

    def raw(self, rows_a_block: int = 1000, **tables: Raw) -> str:
        """Commit a raw run; gives its name."""
        name = self.next_run()
        with self.store.raw.working(name) as folder:
            entries = {query: _write(folder, name, query, raw, rows_a_block) for query, raw in tables.items()}
            manifest = RawManifest(
                run=name,
                stage="raw",
                made_from=None,
                origin=origin_of(self.settings),
                as_of=run_time(name),
                tables=entries,
                seconds=0,
                peak_memory_mb=0,
            )
            self.store.raw.commit(folder, manifest, keep=100)
        return name

    def build(self, **options: Any) -> StarManifest:
        """Run the stage in this process; gives what it committed."""
        with in_this_process():
            stage.transform(Job(self.settings, self.store, options.pop("run", None) or self.next_run(), **options))
        return self.star

    def script(self, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run TablesTransformMain.py."""
        command, variables = self.command(*options), os.environ | environment
        return subprocess.run(command, capture_output=True, text=True, check=False, env=variables, timeout=60)

    def command(self, *options: str) -> list[str]:
        """Give the command line of TablesTransformMain.py."""
        file = self.folder / "house.env"
        file.write_text(
            f"WAREHOUSE=duckdb\nBUSINESS_TIME_ZONE=Europe/Madrid\nDATA_DIR={self.settings.data_dir}\n"
            f"LOCAL_DIR={self.settings.local_dir}\nTABLES_DIR={self.tables_dir}\nWORKERS=2\n",
            encoding="utf-8",
        )
        return [sys.executable, str(ROOT / "TablesTransformMain.py"), "--env", str(file), *options]

    @property
    def star(self) -> StarManifest:
        """The newest star's manifest."""
        return self.store.star.newest("nobody")

    def files(self) -> dict[str, str]:
        """Give the hash of every file of the newest star, and of its key maps."""
        star = self.star
        files = [each for table in star.tables.values() for file in table.files for each in file.both]
        return {file.name: file.sha256 for file in files} | star.keys

    def make_older(self) -> None:
        """Let the newest star be one that an older version built, without Parquet."""
        star = self.star
        folder = self.store.star.path(star.run)
        for file in [file for table in star.tables.values() for file in table.files]:
            (folder / str(file.parquet and file.parquet.name)).unlink()
        told = star.model_dump(mode="json") | {"format": 3}
        for file in [file for table in told["tables"].values() for file in table["files"]]:
            del file["parquet"]
        (folder / MANIFEST).write_text(json.dumps(told))

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Read a table of the newest star."""
        schema = read_tables(self.tables_dir)[table].contract.schema
        folder = self.store.star.path(self.star.run)
        parts = [arrow_csv.read_file(folder / file.name, schema) for file in self.star.tables[table].files]
        rows: list[dict[str, Any]] = pa.concat_tables(parts).to_pylist()
        return rows

    def rejects(self, table: str) -> list[tuple[str, dict[str, Any]]]:
        """Read the rejects of a table of the newest star: reasons and rows."""
        schema = pa.schema([("reason", pa.string()), ("row", pa.string())])
        paths = sorted((self.store.star.path(self.star.run) / "rejects").glob(f"{table}.*csv"))
        found = [row for path in paths for row in arrow_csv.read_file(path, schema).to_pylist()]
        return [(row["reason"], json.loads(row["row"])) for row in found]


def sales(*rows: str) -> Raw:
    """Make sales of texts like "7 1 9.99": number, shop, price; ∅ is NULL."""
    return Raw(SALES, [[None if part == "∅" else part for part in row.split()] for row in rows], ("sale_id",))


def shops(*numbers: int) -> Raw:
    """Make shops."""
    return Raw(SHOPS, [(str(n), f"Shop {n}") for n in numbers], ("shop_id",))


@contextmanager
def in_this_process() -> Iterator[None]:
    """Let the stage work without worker processes, which take a second to start."""

    @contextmanager
    def pool(workers: int) -> Iterator[Executor]:
        yield _Here()

    with mock.patch.object(stage, "worker_pool", pool):
        yield


@dataclass
class _Here(Executor):
    done: list[Future[Any]] = field(default_factory=list)

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def _write(folder: Path, name: str, query: str, raw: Raw, rows_a_block: int) -> RawTable:
    names = [column for column, _ in raw.kinds]
    group = tuple(names.index(column) for column in raw.group_by)
    with (
        mock.patch.object(writer, "BLOCK_BYTES", 1),
        mock.patch.object(writer, "_PENDING", rows_a_block),
        writer.RawWriter(folder / f"{query}.csv", names, group) as out,
    ):
        for row in raw.rows:
            cells = (_cell(value, kind) for value, (_, kind) in zip(row, raw.kinds, strict=True))
            out.write((",".join(cells) + "\n").encode())
    return RawTable(
        run=name,
        source="house",
        as_of=run_time(name),
        query_sha256="",
        file=f"{query}.csv",
        bytes=out.length,
        rows=out.rows,
        columns=tuple(RawColumn(name=column, type=kind, source_type=kind) for column, kind in raw.kinds),
        blocks=tuple(out.blocks),
        key=raw.key,
        survivor=raw.survivor,
        group_by=raw.group_by,
        seconds=0,
    )


def _cell(value: str | None, kind: str) -> str:
    if value is None:
        return ""
    return '"' + value.replace('"', '""') + '"' if kind == "string" else value
