"""A stranger's company: its own queries and table files, and the three stages run on it in this process."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from config.paths import ROOT
from etl import load
from etl.published import ask
from etl.transform.stage import transform
from tests.download.company import Company, Ended
from tests.published import reading
from tests.transform.house import HEAD, in_this_process

TRANSFORM, LOAD = ROOT / "TablesTransformMain.py", ROOT / "LoadFilesBQ.py"


class Stranger(Company):
    """Its source `shop` is a SQLite file of its own unless another one is named."""

    def __init__(self, folder: Path, url: str | None = None) -> None:
        super().__init__(folder, {"shop": url or f"sqlite:///{folder / 'shop.db'}"})
        self.settings |= {"TABLES_DIR": str(folder / "tables"), "WORKERS": "1", "LOG_LEVEL": "WARNING"}

    def fill(self, *statements: str) -> None:
        """Run statements in the SQLite file."""
        with closing(sqlite3.connect(self.folder / "shop.db")) as shop, shop:
            for statement in statements:
                shop.execute(statement)

    def star_table(self, name: str, text: str, *, head: str = HEAD) -> Path:
        """Write a table file; `head` has its imports."""
        path = self.folder / "tables" / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(head + text, encoding="utf-8")
        return path

    def transform(self, *arguments: str) -> Ended:
        """Run stage 2."""
        with in_this_process():
            return self.call(TRANSFORM, partial(transform, ask=ask), *arguments)

    def process(self, script: Path, *arguments: str) -> Ended:
        """Run a stage as a process of its own, with its workers."""
        command = [sys.executable, str(script), "--env", str(self.env), *arguments]
        ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    def load(self, *arguments: str) -> Ended:
        """Run stage 3."""
        return self.call(LOAD, load.run, *arguments)

    def night(self) -> Ended:
        """Run the stages in order, until one of them fails; gives how the last one ended."""
        for stage in (self.download, self.transform, self.load):
            ended = stage()
            if ended.code:
                break
        return ended

    def published(self, query: str) -> list[tuple[Any, ...]]:
        """Query the published tables, after a night that must go well."""
        ended = self.night()
        assert ended.code == 0, ended.err
        with reading(self.data / "warehouse.duckdb") as connection:
            return connection.execute(query).fetchall()

    def rejected(self) -> list[str]:
        """Give all rows of the newest star's rejects, reason first, as the files have them."""
        folder = self.store.star.path(self.store.star.newest("").run) / "rejects"
        return [line for path in sorted(folder.glob("*.csv")) for line in path.read_text().splitlines()[1:]]
