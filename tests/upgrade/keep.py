"""Keep a data folder of this version for those to come: `.venv/bin/python -m tests.upgrade.keep`.

Runs a night of the company beside this file and writes what it left to data-<version>/: the data folder as it is, the
warehouse as DuckDB exports it (as text, and a tenth of the file's size), the company's files, for they change with the
engine. It refuses to write a folder that is there: a kept one is never made again.
"""

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from config.paths import ROOT
from etl import __version__

HERE = Path(__file__).parent
ANYWHERE = b"/srv/shop"
"""Stands in kept files for the folder that the company lies in."""


def main() -> int:
    """Run the night and keep what it leaves; return the exit code."""
    target = HERE / f"data-{__version__.rpartition('.')[0]}"
    if target.exists():
        print(f"{target} is there, and is never made again.", file=sys.stderr)
        return 1
    with TemporaryDirectory() as folder:
        home = Path(folder) / "shop"
        settle(HERE / "company", home)
        subprocess.run([sys.executable, "-m", "etl", "night", "--env", home / "prod.env"], cwd=ROOT, check=True)
        pack(home)
        shutil.copytree(home, target)
    print(f"{target}: look through it, then commit it.")
    return 0


def settle(company: Path, home: Path) -> None:
    """Set a company's files up in a folder, with its database."""
    shutil.copytree(company, home)
    (home / "settings.txt").rename(home / "prod.env")  # of that name, it would not be committed
    fill(home, (home / "shop.sql").read_text(encoding="utf-8"))


def fill(home: Path, statements: str) -> None:
    """Run statements in the company's database."""
    with closing(sqlite3.connect(home / "shop.db")) as shop:
        shop.executescript(statements)


def pack(home: Path) -> None:
    """Make of a company's folder what is kept: text where there can be, and no path of this machine."""
    with duckdb.connect(str(home / "data/warehouse.duckdb"), read_only=True) as connection:
        connection.execute(f"EXPORT DATABASE '{home}/warehouse'")
    for made in ("shop.db", "data/warehouse.duckdb", "data/warehouse.duckdb.lock", "data/lock"):
        (home / made).unlink()
    (home / "prod.env").rename(home / "settings.txt")
    _rewrite(home, str(home).encode(), ANYWHERE)


def unpack(kept: Path, home: Path) -> None:
    """Make of what was kept a company's folder again, as its night left it."""
    settle(kept, home)
    _rewrite(home, ANYWHERE, str(home).encode())
    with duckdb.connect(str(home / "data/warehouse.duckdb")) as connection:
        connection.execute(f"IMPORT DATABASE '{home}/warehouse'")


def _rewrite(home: Path, before: bytes, after: bytes) -> None:
    for path in home.rglob("*"):
        if path.is_file() and before in (text := path.read_bytes()):
            path.write_bytes(text.replace(before, after))


if __name__ == "__main__":
    sys.exit(main())
