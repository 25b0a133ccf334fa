"""PostgreSQL servers of the tests' own, that may be restarted in the midst of things, and standbys that follow them."""

import shlex
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2

from sample import server
from sample.home import Home, home_of, own_folder

_OPTIONS = {
    "listen_addresses": "",
    "fsync": "off",
    "hot_standby": "on",
    "autovacuum": "off",  # it would come in between, or keep a vacuum of the test's from removing rows
}


class Cluster:
    """A server on a Unix socket of its own."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self.url = server.url_of(home, "postgres")

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement outside of any transaction; gives its rows."""
        with closing(psycopg2.connect(self.url)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall() if cursor.description else []

    def start(self, **options: str) -> None:
        """Start it, with more options."""
        given = shlex.join(f"-c{name}={value}" for name, value in (_OPTIONS | options).items())
        place = f"-p {server.PORT} -k {shlex.quote(str(self._home.socket))}"
        self._control("start", "-l", self._home.log, "-o", f"{given} {place}")

    def restart(self) -> None:
        """Let it crash, and start it again with the same options."""
        self._control("restart", "-m", "immediate", "-l", self._home.log)

    def stop(self) -> None:
        """End it as fast as it can be."""
        self._control("stop", "-m", "immediate")

    def _control(self, action: str, *more: str | Path) -> None:
        _checked(self._home, "pg_ctl", action, "-w", "-D", self._home.cluster, *more)


@contextmanager
def primary(folder: Path) -> Iterator[Cluster]:
    """Make a server and run it, ready to be followed."""
    with _cluster(folder) as (home, cluster):
        _checked(home, "initdb", "-D", home.cluster, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        cluster.start()
        yield cluster


@contextmanager
def standby(folder: Path, of: Cluster) -> Iterator[Cluster]:
    """Copy a server and let the copy follow it; what hinders it from following is cancelled at once."""
    with _cluster(folder) as (home, cluster):
        _checked(home, "pg_basebackup", "-D", home.cluster, "-d", of.url, "-R", "-c", "fast", "--no-sync")
        cluster.start(max_standby_streaming_delay="0")
        yield cluster


@contextmanager
def _cluster(folder: Path) -> Iterator[tuple[Home, Cluster]]:
    home = home_of(folder)
    own_folder(home.cluster, 0o700, home.uid, home.gid)
    cluster = Cluster(home)
    try:
        yield home, cluster
    finally:
        if (home.cluster / "postmaster.pid").exists():
            cluster.stop()
        server.remove(folder)


def _checked(home: Home, program: str, *arguments: str | Path) -> None:
    ended = home.run(program, *arguments)
    assert ended.returncode == 0, f"{program}: {ended.stderr}"
