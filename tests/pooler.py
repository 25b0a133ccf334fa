"""PgBouncer before a test's PostgreSQL: a session belongs to a client for a transaction only."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

PGBOUNCER = Path("/usr/sbin/pgbouncer")


@contextmanager
def running(url: str, folder: Path, size: int) -> Iterator[str]:
    """Run one before the database of a URL; gives the URL of it. size: of its pool. Skip where there is none."""
    if not PGBOUNCER.exists():
        pytest.skip("needs PgBouncer: apt-get install pgbouncer")
    server = make_url(url)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    file = folder / "pgbouncer.ini"
    place = f"host={server.query['host']} port={server.query['port']} dbname={server.database} user=postgres"
    file.write_text(
        f"[databases]\n{server.database} = {place}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n"
        f"pool_mode = transaction\ndefault_pool_size = {size}\n"
    )
    as_postgres: dict[str, int] = {}
    if os.geteuid() == 0:  # as which it does not run
        file = _readable(file)
        as_postgres = _owner_of(Path(str(server.query["host"])))
    with subprocess.Popen([PGBOUNCER, "-q", file], stderr=subprocess.DEVNULL, **as_postgres) as process:
        try:
            _answers(port)
            yield f"postgresql://postgres@127.0.0.1:{port}/{server.database}"
        finally:
            process.terminate()
            file.unlink()


def _readable(file: Path) -> Path:
    """Put a file where another user may read it."""
    moved = Path(f"/tmp/{file.parent.name}-{os.getpid()}.ini")  # noqa: S108
    file.rename(moved)
    moved.chmod(0o644)
    return moved


def _owner_of(folder: Path) -> dict[str, int]:
    """Say as whom a program has to run to reach the server's socket."""
    owner = folder.stat()
    return {"user": owner.st_uid, "group": owner.st_gid}


def _answers(port: int) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            assert time.monotonic() < deadline, "PgBouncer does not answer"
            time.sleep(0.02)
