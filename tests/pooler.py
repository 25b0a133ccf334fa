"""PgBouncer before a test's PostgreSQL: a session belongs to a client for a transaction only."""

import os
import shutil
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
def running(
    url: str, folder: Path, size: int, host: str = "127.0.0.1", certificate: Path | None = None
) -> Iterator[str]:
    """Run one before the database of a URL; gives the URL of it. Skip where there is none.

    size: of its pool; host: the address that it listens on; certificate: the file of it and its key, for TLS.
    """
    if not PGBOUNCER.exists():
        pytest.skip("needs PgBouncer: apt-get install pgbouncer")
    server = make_url(url)
    with socket.create_server((host, 0)) as free:
        port = free.getsockname()[1]
    file = folder / "pgbouncer.ini"
    place = f"host={server.query['host']} port={server.query['port']} dbname={server.database} user=postgres"
    file.write_text(
        f"[databases]\n{server.database} = {place}\n"
        f"[pgbouncer]\nlisten_addr = {host}\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n"
        f"pool_mode = transaction\ndefault_pool_size = {size}\n"
    )
    if certificate:
        shown = _readable(certificate)
        options = {"sslmode": "allow", "key_file": shown, "cert_file": shown}
        with file.open("a") as more:
            more.writelines(f"client_tls_{name} = {value}\n" for name, value in options.items())
    as_postgres: dict[str, int] = {}
    if os.geteuid() == 0:  # as which it does not run
        file = _readable(file)
        as_postgres = _owner_of(Path(str(server.query["host"])))
    with subprocess.Popen([PGBOUNCER, "-q", file], stderr=subprocess.DEVNULL, **as_postgres) as process:
        try:
            _answers(host, port)
            yield f"postgresql://postgres@{host}:{port}/{server.database}"
        finally:
            process.terminate()
            file.unlink()
            if certificate:
                shown.unlink()


def _readable(file: Path) -> Path:
    """Put a file where another user may read it."""
    moved = Path(f"/tmp/{file.parent.name}-{os.getpid()}{file.suffix}")  # noqa: S108
    shutil.copy(file, moved)
    moved.chmod(0o644)
    return moved


def _owner_of(folder: Path) -> dict[str, int]:
    """Say as whom a program has to run to reach the server's socket."""
    owner = folder.stat()
    return {"user": owner.st_uid, "group": owner.st_gid}


def _answers(host: str, port: int) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection((host, port), 1).close()
            return
        except OSError:
            assert time.monotonic() < deadline, "PgBouncer does not answer"
            time.sleep(0.02)
