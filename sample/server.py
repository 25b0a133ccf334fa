"""An embedded PostgreSQL for the sample company: started for a while, reached through a private Unix socket only.

    with running(Path("data/sample/source")) as url:
        psycopg2.connect(url)

Two locks tell who is who. `running.lock` is inherited by PostgreSQL's own processes, so it is held exactly as long as
one of them lives; a process id in postmaster.pid says nothing, it may belong to another program by now. `owner.lock` is
held by the process that will stop the server; when that process was killed, the next one that comes takes over.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shlex
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from urllib.parse import quote

import psycopg2

from etl.core.interruptions import INTERRUPTIONS
from sample.errors import SampleError
from sample.home import Home, home_of, own_folder

DATABASE = "cloud"
PORT = 5432  # names the socket; said outright, or the reader's PGPORT would count
PATIENCE = 60.0  # seconds for a start or a stop

# A throw-away server: what is in it can be filled again, so nothing waits for the disk. wal_level=minimal lets a fill
# write whole tables without a write-ahead log.
SETTINGS = {
    "listen_addresses": "", "unix_socket_permissions": "0700", "fsync": "off", "synchronous_commit": "off",
    "full_page_writes": "off", "wal_level": "minimal", "max_wal_senders": "0", "shared_buffers": "256MB",
    "max_wal_size": "4GB", "jit": "off", "timezone": "UTC", "log_timezone": "UTC", "datestyle": "ISO",
}  # fmt: skip


def url_of(home: Home, database: str = DATABASE) -> str:
    """The libpq and SQLAlchemy URL of a database of this server."""
    return f"postgresql://postgres@/{quote(database)}?host={quote(str(home.socket))}&port={PORT}"


@contextlib.contextmanager
def running(folder: Path) -> Iterator[str]:
    """Run the server whose cluster belongs to `folder`, made when absent; yields the URL of its database `cloud`.

    A server that another process has started is used, and left running. Stops also on SIGTERM and SIGINT. Raises
    SampleError when the server cannot be made or started.
    """
    home = home_of(folder)
    with _signals_end_the_block(), contextlib.ExitStack() as stack:
        owner = stack.enter_context(_locked(home.base / "owner.lock"))
        if owner is not None:
            stack.callback(_stop, home)
        _start_or_join(home)
        yield url_of(home)


def remove(folder: Path) -> None:
    """Delete the cluster of `folder`, and whatever of it lies elsewhere. Raises SampleError while the server runs."""
    home = home_of(folder)
    with _locked(home.base / "running.lock") as lock:
        if lock is None:
            raise SampleError(f"The sample's server of {folder} is running.", "stop it first.")
        for ours in (home.cluster, home.socket):
            shutil.rmtree(ours, ignore_errors=True)
        for lock_file in home.base.glob("*.lock"):
            lock_file.unlink()
    if home.link is not None:
        shutil.rmtree(home.base)
        home.link.unlink(missing_ok=True)


@contextlib.contextmanager
def _signals_end_the_block() -> Iterator[None]:
    """What would kill us unwinds like Ctrl-C does, so that `finally` runs; a handler that somebody has set stays."""
    ours = [number for number in INTERRUPTIONS if signal.getsignal(number) is signal.SIG_DFL]
    if threading.current_thread() is not threading.main_thread():
        ours = []

    def leave(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    for number in ours:
        signal.signal(number, leave)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[int | None]:
    """Hold the lock while the block runs, or yield None because somebody else holds it."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
        else:
            yield lock
    finally:
        os.close(lock)


def _start_or_join(home: Home) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        with _locked(home.base / "running.lock") as lock:
            if lock is not None:
                _start(home, lock)
        if _answers(home):
            return
        if time.monotonic() > deadline:
            raise SampleError(f"The sample's server at {home.socket} runs but does not answer.", f"see {home.log}.")
        time.sleep(0.05)


def _start(home: Home, lock: int) -> None:
    """Start a server that does not run; PostgreSQL inherits the lock. What a killed one left behind is removed."""
    home.settle()
    if not (home.cluster / "PG_VERSION").exists():
        _initialize(home)
    (home.cluster / "postmaster.pid").unlink(missing_ok=True)
    for left in home.socket.iterdir():
        left.unlink()
    options = shlex.join(part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}"))
    started = home.run("pg_ctl", "start", "-w", "-t", str(int(PATIENCE)), "-D", home.cluster, "-l", home.log,
                       "-o", f"{options} -p {PORT} -k {shlex.quote(str(home.socket))}", pass_fds=(lock,))  # fmt: skip
    if started.returncode:
        said = home.log.read_text(errors="replace")[-400:] if home.log.exists() else started.stderr
        raise SampleError(f"The sample's server did not start: {' '.join(said.split())}",
                          f"delete {home.cluster} to begin with an empty one.")  # fmt: skip


def _initialize(home: Home) -> None:
    """Make the cluster beside its place and rename it, so that a half-made one is never taken for a whole."""
    building = home.base / "cluster.building"
    shutil.rmtree(building, ignore_errors=True)
    shutil.rmtree(home.cluster, ignore_errors=True)
    own_folder(building, 0o700, home.uid, home.gid)
    # The built-in locale sorts and folds case alike on every machine.
    made = home.run("initdb", "-D", building, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync",
                    "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")  # fmt: skip
    if made.returncode:
        raise SampleError(f"The sample's cluster could not be made: {' '.join(made.stderr.split())}",
                          f"look at the free space and the permissions of {home.base}.")  # fmt: skip
    building.rename(home.cluster)


def _stop(home: Home) -> None:
    """Stop this cluster's own server, if one runs; open sessions are ended."""
    with _locked(home.base / "running.lock") as lock:
        if lock is not None:
            return
    home.run("pg_ctl", "stop", "-w", "-t", str(int(PATIENCE)), "-m", "fast", "-D", home.cluster)


def _answers(home: Home) -> bool:
    try:
        psycopg2.connect(url_of(home, "postgres"), connect_timeout=5).close()
    except psycopg2.OperationalError:
        return False
    return True
