"""A real MariaDB for whoever asks for one: Debian's server, in a folder and on a port of its own."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pymysql

SERVER = Path("/usr/sbin/mariadbd")
INSTALLER = Path("/usr/bin/mariadb-install-db")

_OPTIONS = ("--bind-address=127.0.0.1", "--innodb-flush-log-at-trx-commit=0", "--sql-mode=")


class Maria:
    """A server, its time zone that of New York, whose account `etl` has the password "secret"."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path, port: int) -> None:
        self._process, self._folder, self.port = process, folder, port

    def url(self, driver: str = "pymysql", database: str = "shop") -> str:
        """Give a URL for a driver."""
        return f"mysql+{driver}://etl:secret@127.0.0.1:{self.port}/{database}"

    def connect(self) -> Any:
        """Connect as root, every statement committed at once."""
        return pymysql.connect(
            unix_socket=str(self._folder / "socket"), user="root", database="shop", autocommit=True, sql_mode=""
        )

    def sql(self, *statements: str) -> list[tuple[Any, ...]]:
        """Run statements; gives the rows of the last one."""
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall())

    def sent(self) -> int:
        """Say how many bytes it has sent."""
        return int(self.sql("SHOW GLOBAL STATUS LIKE 'Bytes_sent'")[0][1])

    def sessions(self, like: str) -> list[int]:
        """Name the sessions of `etl` whose statement is like a pattern."""
        found = self.sql(
            f"SELECT id FROM information_schema.processlist WHERE user = 'etl' AND COALESCE(info, '') LIKE '{like}'"
        )
        return [number for (number,) in found]

    def end_sessions(self) -> None:
        """End what tests have left under way: it holds its table until it is done."""
        for session in self.sessions("%"):
            with suppress(pymysql.err.OperationalError):  # it has ended by itself
                self.sql(f"KILL {session}")

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Let it hang, as a machine does that swaps or is suspended, while the block runs."""
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)


@contextmanager
def running(folder: Path) -> Iterator[Maria]:
    """Make a server and run it."""
    data, log = folder / "data", folder / "log"
    common = ["--no-defaults", f"--datadir={data}", "--skip-name-resolve"]
    common += ["--user=root"] if os.geteuid() == 0 else []
    with log.open("wb") as out:
        subprocess.run(
            [INSTALLER, *common, "--auth-root-authentication-method=normal", "--skip-test-db"],
            check=True,
            stdout=out,
            stderr=out,
        )
        with closing(socket.socket()) as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        process = subprocess.Popen(
            [SERVER, *common, f"--socket={folder / 'socket'}", f"--port={port}", *_OPTIONS],
            stdout=out,
            stderr=out,
            env=os.environ | {"TZ": "America/New_York"},
        )
    try:
        maria = Maria(process, folder, port)
        _await(folder / "socket", log)
        yield maria
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await(place: Path, log: Path) -> None:
    end = time.monotonic() + 60
    while not _answers(place):
        assert time.monotonic() < end, log.read_text(errors="replace")
        time.sleep(0.1)
    with closing(pymysql.connect(unix_socket=str(place), user="root")) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE shop CHARACTER SET utf8mb4")
        cursor.execute("CREATE USER etl@'%' IDENTIFIED BY 'secret'")
        cursor.execute("GRANT SELECT ON shop.* TO etl@'%'")


def _answers(place: Path) -> bool:
    with closing(socket.socket(socket.AF_UNIX)) as probe:
        return probe.connect_ex(str(place)) == 0
