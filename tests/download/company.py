"""A company for stage 1: a folder with queries and a settings file, and the script run on it, here or as a process."""

import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pyarrow as pa

from config.paths import ROOT
from etl import download
from etl.core.cli import script
from etl.core.head import AskHead
from etl.core.manifest import LoadedManifest, LoadedTable, RawManifest, RawTable, StarTable
from etl.core.receipt import TableReceipt
from etl.core.runs import Store
from etl.transform.raw import read_whole

SCRIPT = ROOT / "SQLDownloadMain.py"


@dataclass(frozen=True)
class Ended:
    """How a call of the script ended."""

    code: int
    out: str
    err: str


@dataclass
class Company:
    """Its sources by name, its other settings, and all its files beneath one folder.

    ask: as in `etl.download.run`; None where what is kept here of publishing has to do.
    """

    folder: Path
    sources: dict[str, str]
    settings: dict[str, str] = field(default_factory=dict)
    ask: AskHead | None = None

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.folder / "data"

    @property
    def store(self) -> Store:
        """The runs."""
        return Store(self.data)

    @property
    def env(self) -> Path:
        """The settings file, written anew at each look."""
        lines = {
            "WAREHOUSE": "duckdb",
            "BUSINESS_TIME_ZONE": "Europe/Madrid",
            "DATA_DIR": str(self.data),
            "QUERIES_DIR": str(self.folder / "queries"),
            "SOURCE_PATIENCE": "0",
        }
        urls = {f"SOURCE_{name.upper()}_URL": url for name, url in self.sources.items()}
        file = self.folder / "company.env"
        file.write_text("".join(f"{name}='{value}'\n" for name, value in (lines | urls | self.settings).items()))
        return file

    def query(self, name: str, sql: str, *, source: str = "shop", key: str = "id", more: str = "") -> Path:
        """Write a query; its header has four lines, and those of `more`."""
        header = f"-- Rows of {name}.\n-- grain: one row per row\n-- source: {source}\n-- key: {key}\n{more}"
        return self.file(name, header + sql + "\n")

    def file(self, name: str, text: str) -> Path:
        """Write a .sql file as it is."""
        path = self.folder / "queries" / f"{name}.sql"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text.encode())
        return path

    def download(self, *arguments: str) -> Ended:
        """Run the script in this process."""
        return self.call(SCRIPT, partial(download.run, ask=self.ask), *arguments)

    def call(self, path: Path, run: Callable[..., Any], *arguments: str) -> Ended:
        """Run a stage's script in this process. run: what the script calls."""
        out, err = io.StringIO(), io.StringIO()
        before = signal.getsignal(signal.SIGTERM)
        command = [str(path), "--env", str(self.env), *arguments]
        try:
            with redirect_stdout(out), redirect_stderr(err), patch.object(sys, "argv", command):
                code = script(run, path.name, "A stage.", "none", extracts=path == SCRIPT)
        except SystemExit as usage:
            code = int(usage.code or 0)
        finally:
            signal.signal(signal.SIGTERM, before)
        return Ended(code, out.getvalue(), err.getvalue())

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start the script as a process of its own."""
        command = [sys.executable, str(SCRIPT), "--env", str(self.env), *arguments]
        return subprocess.Popen(
            command, env=os.environ | environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def done(self, *arguments: str) -> RawManifest:
        """Run the script, which must succeed, and give the new run's manifest."""
        ended = self.download(*arguments)
        assert ended.code == 0, ended.err
        return self.store.raw.newest("")

    def publish(self) -> None:
        """Commit what stage 3 does of a star that was made from the newest run, with as many rows."""
        raw = self.store.raw.newest("")
        tables = {
            f"fact_{name}": LoadedTable(
                star=StarTable(
                    run=raw.run,
                    raw_run=raw.run,
                    as_of=table.as_of,
                    files=(),
                    receipt=TableReceipt(rows=table.rows, columns={}),
                    seconds=0,
                ),
                bytes=0,
            )
            for name, table in raw.tables.items()
        }
        manifest = LoadedManifest(
            run=raw.run,
            stage="loaded",
            made_from=raw.run,
            origin=raw.origin,
            as_of=raw.as_of,
            tables=tables,
            seconds=0,
            peak_memory_mb=0,
        )
        with self.store.loaded.working(raw.run) as folder:
            self.store.loaded.commit(folder, manifest, keep=14)

    def rows(self, name: str) -> list[dict[str, Any]]:
        """Read a table of the newest run as stage 2 reads it: typed, every block checked."""
        manifest = self.store.raw.newest("")
        rows = read_whole(self.store.raw.path(manifest.run), manifest.tables[name])
        assert rows.rejects == []
        return pa.Table.from_pandas(rows.frame, preserve_index=False).to_pylist()

    def table(self, name: str) -> RawTable:
        """Give a table's entry in the newest manifest."""
        return self.store.raw.newest("").tables[name]
