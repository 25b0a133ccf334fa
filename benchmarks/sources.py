"""How fast a table of MariaDB or SQLite becomes a raw CSV, beside what the database's own command line takes.

    .venv/bin/python -m benchmarks.sources --rows 5000000 --runs 3

It starts a MariaDB of its own (Debian's server), fills a table of 22 columns of most types, copies it into an SQLite
file, and extracts it by turns with our stage 1 and with `mariadb --quick --batch` or `sqlite3 -csv`. On a machine that
does other things, look at the CPU seconds; the server's are not among them.
"""

import argparse
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import pymysql
from pymysql.converters import conversions

from benchmarks.measure import Command, Measured, measure
from config.paths import ROOT

_TABLE = """
CREATE TABLE order_line (
  id BIGINT {unsigned} PRIMARY KEY, order_id INT, client_id INT, product SMALLINT, status {status}, flag TINYINT,
  quantity INT, price DECIMAL(12,2), discount DECIMAL(5,4), total DECIMAL(18,2), weight DOUBLE, ordered DATE,
  shipped DATE, created {created}, changed {changed}, took {took}, name VARCHAR(60), city VARCHAR(40), code CHAR(8),
  note TEXT, tags {tags}, doc {doc}
)
"""
_MARIADB = {
    **{"unsigned": "UNSIGNED", "status": "ENUM('open', 'paid', 'sent', 'back')", "created": "DATETIME(3)"},
    **{"changed": "TIMESTAMP NULL", "took": "TIME", "tags": "SET('a', 'b', 'c')", "doc": "JSON"},
}
_SQLITE = dict.fromkeys(_MARIADB, "TEXT") | {"unsigned": "", "created": "DATETIME", "changed": "DATETIME"}
_FILL = """
INSERT INTO order_line
SELECT seq, seq DIV 4, NULLIF(seq * 7919 % 100003, 0), seq % 3000, 1 + seq % 4, seq % 2, seq % 97,
  seq * 31 % 10000000 / 100, IF(seq % 5, NULL, seq % 10000 / 10000), seq * 131 % 1000000000 / 100, seq / 7,
  '2020-01-01' + INTERVAL seq % 2000 DAY, IF(seq % 3, '2020-01-03' + INTERVAL seq % 2000 DAY, NULL),
  '2020-01-01' + INTERVAL seq * 13 SECOND, FROM_UNIXTIME(1577836800 + seq * 7 % 300000000),
  IF(seq % 4, SEC_TO_TIME(CAST(seq % 80000 AS SIGNED) - 20000), NULL), CONCAT('Customer ', MD5(seq)),
  IF(seq % 11, CONCAT('San "', seq % 977, '", Ciudad é'), NULL), LPAD(HEX(seq), 8, '0'),
  IF(seq % 6, NULL, REPEAT('lorem ipsum dolor ', seq % 9)), seq % 8, CONCAT('{{"n": ', seq % 100, '}}')
FROM seq_{first}_to_{last}
"""
_CHUNK = 250_000
_PASSWORD = "secret"  # noqa: S105 -- of a server that nobody else reaches
_SELECT = "SELECT * FROM order_line"
_SETTINGS = """
SOURCE_SHOP_URL={url}
WAREHOUSE=duckdb
QUERIES_DIR={folder}/queries
DATA_DIR={folder}/data
BUSINESS_TIME_ZONE=Europe/Madrid
RECEIPTS={receipts}
"""


def main() -> int:
    """Fill both databases and print what each way takes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sources", description=__doc__.partition("\n\n")[0])
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--lite-rows", type=int, help="rows of the SQLite file (default: as --rows)")
    parser.add_argument("--runs", type=int, default=3, help="of each way, by turns")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sources-") as name, _mariadb(Path(name)) as port:
        folder = Path(name)
        _fill(port, options.rows)
        file = _copied(port, folder / "shop.db", options.lite_rows or options.rows)
        client = [
            "mariadb",
            "--no-defaults",
            "--protocol=tcp",
            "-h127.0.0.1",
            f"-P{port}",
            "-uetl",
            f"-p{_PASSWORD}",
            "shop",
        ]
        by_maria = Command(["sh", "-c", '"$@" > out', "-", *client, "--quick", "--batch", "-e", _SELECT])
        by_lite = Command(["sh", "-c", '"$@" > out', "-", "sqlite3", "-csv", file, _SELECT])
        url = f"mysql+pymysql://etl:{_PASSWORD}@127.0.0.1:{port}/shop"
        _compare(folder, "MariaDB, `mariadb --quick --batch`", by_maria, url, options.runs)
        _compare(folder, "SQLite, `sqlite3 -csv`", by_lite, f"sqlite:///{file}", options.runs)
    return 0


def _compare(folder: Path, title: str, theirs: Command, url: str, runs: int) -> None:
    """Run each way by turns and print the medians, and how many times theirs ours takes."""
    found: dict[str, list[Measured]] = {}
    for number in range(runs):
        for way in ("theirs", "off", "rows"):
            work = folder / f"run{number}_{way}"
            work.mkdir()
            command = theirs if way == "theirs" else _ours(work, url, way)
            found.setdefault(way, []).append(measured := measure(command, work, 3600, 4000))
            shutil.rmtree(work)
            if measured.error:
                sys.exit(f"{title}, {way}: {measured.error}")
    print(title)
    base = _medians(found["theirs"])
    for way, one in found.items():
        took = _medians(one)
        name = way if way == "theirs" else f"ours, RECEIPTS={way}"
        ratios = (
            "" if way == "theirs" else f"  {took['wall'] / base['wall']:.2f} x, CPU {took['cpu'] / base['cpu']:.2f} x"
        )
        print(
            f"  {name:20} {took['wall']:7.1f} s  CPU {took['cpu']:6.1f} s  {took['peak']:4.0f} MB{ratios}", flush=True
        )


def _medians(runs: list[Measured]) -> Mapping[str, float]:
    return {figure: median(getattr(run, figure) for run in runs) for figure in ("wall", "cpu", "peak")}


def _ours(folder: Path, url: str, receipts: str) -> Command:
    (folder / "queries").mkdir()
    header = "-- Lines of orders.\n-- grain: one row per line\n-- source: shop\n-- key: id\n"
    (folder / "queries" / "order_lines.sql").write_text(f"{header}{_SELECT}\n", encoding="utf-8")
    settings = folder / "company.env"
    settings.touch(0o600)
    settings.write_text(_SETTINGS.format(url=url, folder=folder, receipts=receipts), encoding="utf-8")
    return Command([sys.executable, ROOT / "SQLDownloadMain.py", "--env", settings])


@contextmanager
def _mariadb(folder: Path) -> Iterator[int]:
    """Run a server; gives its port."""
    data, place = folder / "maria", folder / "socket"
    common = ["--no-defaults", f"--datadir={data}", "--user=root", "--skip-name-resolve"]
    install = ["/usr/bin/mariadb-install-db", *common, "--auth-root-authentication-method=normal", "--skip-test-db"]
    subprocess.run(install, check=True, capture_output=True)
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    options = [f"--socket={place}", f"--port={port}", "--bind-address=127.0.0.1", "--innodb-flush-log-at-trx-commit=0"]
    process = subprocess.Popen(["/usr/sbin/mariadbd", *common, *options], stderr=subprocess.DEVNULL)
    try:
        while True:
            try:
                root = pymysql.connect(unix_socket=str(place), user="root", autocommit=True)
                break
            except pymysql.err.OperationalError:
                time.sleep(0.2)
        with closing(root), root.cursor() as cursor:
            cursor.execute("CREATE DATABASE shop CHARACTER SET utf8mb4")
            cursor.execute(f"CREATE USER etl@'%' IDENTIFIED BY '{_PASSWORD}'")
            cursor.execute("GRANT ALL ON shop.* TO etl@'%'")
        yield port
    finally:
        process.terminate()
        process.wait()


def _connected(port: int) -> Any:
    texts = {key: write for key, write in conversions.items() if not isinstance(key, int)}
    login = {"host": "127.0.0.1", "port": port, "user": "etl", "password": _PASSWORD, "database": "shop"}
    return pymysql.connect(**login, autocommit=True, conv=texts)


def _fill(port: int, rows: int) -> None:
    with closing(_connected(port)) as connection, connection.cursor() as cursor:
        cursor.execute(_TABLE.format(**_MARIADB))
        for first in range(1, rows + 1, _CHUNK):
            cursor.execute(_FILL.format(first=first, last=min(first + _CHUNK - 1, rows)))


def _copied(port: int, file: Path, rows: int) -> Path:
    with closing(_connected(port)) as connection, closing(sqlite3.connect(file)) as lite, lite:
        lite.execute(_TABLE.format(**_SQLITE))
        cursor = connection.cursor(pymysql.cursors.SSCursor)
        cursor.execute(f"{_SELECT} LIMIT {rows}")
        while found := cursor.fetchmany(5000):
            lite.executemany(f"INSERT INTO order_line VALUES ({', '.join('?' * 22)})", found)
    return file


if __name__ == "__main__":
    sys.exit(main())
