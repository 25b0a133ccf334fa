"""A BigQuery emulator on the loopback interface."""

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.paths import ROOT

ENVIRONMENT = Path(os.environ.get("BIGQUERY_EMULATOR_VENV") or ROOT / ".venv-bigquery")
"""The virtual environment that the emulator is installed in; it needs a newer Python than the project."""

_START_SECONDS = 60
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class NoEmulatorError(Exception):
    """Why there is no emulator."""


@contextmanager
def running_emulator(folder: Path, objects: Path | None = None) -> Iterator[str]:
    """Start an emulator whose data and home lie in `folder`, give its address, and stop it.

    objects: the folder in which it finds the objects of Cloud Storage, <bucket>/<name>.
    """
    if not (ENVIRONMENT / "bin" / "local-bigquery").exists():
        raise NoEmulatorError(f"there is no emulator in {ENVIRONMENT}")
    _install_extensions(folder)
    port, grpc_port = free_ports(2)
    command: list[str | Path] = [ENVIRONMENT / "bin" / "python", "-P", Path(__file__).with_name("emulating.py")]
    ports = ["--host", "127.0.0.1", "--port", str(port), "--grpc-port", str(grpc_port)]
    with (folder / "emulator.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, *ports, "--data-dir", folder / "data"],
            env={"PATH": os.environ["PATH"], "HOME": str(folder)}
            | ({"GCS_LOCAL_ROOT": str(objects)} if objects else {}),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_for(f"http://127.0.0.1:{port}/bigquery/v2/projects", process, folder / "emulator.log")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def forget(address: str, project: str) -> None:
    """Drop every dataset of a project, for the emulator becomes slower with every table."""
    datasets = f"{address}/bigquery/v2/projects/{project}/datasets"
    with _OPENER.open(datasets, timeout=60) as answer:
        listed = json.load(answer).get("datasets", [])
    for name in (entry["datasetReference"]["datasetId"] for entry in listed):
        request = urllib.request.Request(f"{datasets}/{name}?deleteContents=true", method="DELETE")  # noqa: S310 -- the address is ours
        _OPENER.open(request, timeout=60).close()


def _install_extensions(home: Path) -> None:
    """Put the extensions that came as packages where DuckDB looks for them: it must not fetch any."""
    ask = "import duckdb; print(duckdb.__version__, duckdb.sql('PRAGMA platform').fetchone()[0])"
    python = ENVIRONMENT / "bin" / "python"
    answer = subprocess.run([python, "-c", ask], check=True, capture_output=True, text=True, timeout=60)
    version, platform = answer.stdout.split()
    target = home / ".duckdb" / "extensions" / f"v{version}" / platform
    target.mkdir(parents=True)
    for extension in ENVIRONMENT.glob(f"lib/python*/site-packages/*/extensions/v{version}/*.duckdb_extension"):
        shutil.copy(extension, target)


def free_ports(count: int) -> list[int]:
    """Find ports that nobody listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(s.getsockname()[1]) for s in sockets]
    for s in sockets:
        s.close()
    return ports


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    give_up = time.monotonic() + _START_SECONDS
    while time.monotonic() < give_up and process.poll() is None:
        try:
            _OPENER.open(url, timeout=5).close()
            return
        except OSError:
            time.sleep(0.1)
    raise NoEmulatorError(f"the emulator did not start: {log.read_text(errors='replace')[-500:]}")
