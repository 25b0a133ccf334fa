"""A BigQuery emulator on the loopback interface, and a proxy before it that plays BigQuery's bad nights."""

import json
import os
import re
import shutil
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from config.paths import ROOT

ENVIRONMENT = Path(os.environ.get("BIGQUERY_EMULATOR_VENV") or ROOT / ".venv-bigquery")
"""The virtual environment that the emulator is installed in; it needs a newer Python than the project."""

_START_SECONDS = 60
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class NoEmulatorError(Exception):
    """Why there is no emulator."""


@contextmanager
def running_emulator(folder: Path) -> Iterator[str]:
    """Start an emulator whose data and home lie in `folder`, give its address, and stop it."""
    program = ENVIRONMENT / "bin" / "local-bigquery"
    if not program.exists():
        raise NoEmulatorError(f"there is no emulator in {ENVIRONMENT}")
    _install_extensions(folder)
    port, grpc_port = _free_ports(2)
    command: list[str | Path] = [program, "--host", "127.0.0.1", "--port", str(port), "--grpc-port", str(grpc_port)]
    with (folder / "emulator.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--data-dir", folder / "data"],
            env={"PATH": os.environ["PATH"], "HOME": str(folder)},
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


def _free_ports(count: int) -> list[int]:
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


@dataclass
class Rule:
    """What the next `times` requests whose "METHOD path" matches are answered; without a status nothing, once done."""

    request: str
    status: int = 0
    answer: dict[str, Any] = field(default_factory=dict)
    times: int = 1

    def matches(self, request: str) -> bool:
        """Whether this request is one of those."""
        return self.times > 0 and re.search(self.request, request) is not None


def refusal(request: str, status: int, reason: str, message: str, *, times: int = 1) -> Rule:
    """Let BigQuery refuse requests, in the form in which it does."""
    error = {"code": status, "message": message, "errors": [{"reason": reason, "message": message}]}
    return Rule(request, status, {"error": error}, times)


def lost_answer(request: str) -> Rule:
    """Let a request be done, but its answer get lost."""
    return Rule(request)


class Proxy(ThreadingHTTPServer):
    """Hands every request on to the emulator, but those that a rule is about. seen: "METHOD path" of all requests."""

    daemon_threads = True

    def __init__(self, target: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target = target
        self.rules: list[Rule] = []
        self.seen: list[str] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def count(self, request: str) -> int:
        """Count the requests that match."""
        return sum(1 for seen in self.seen if re.search(request, seen))


@contextmanager
def running_proxy(target: str) -> Iterator[Proxy]:
    """Start a proxy before the emulator, and stop it."""
    with Proxy(target) as proxy:
        thread = threading.Thread(target=proxy.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Proxy

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = f"{self.command} {self.path}"
        self.server.seen.append(request)
        rule = next((rule for rule in self.server.rules if rule.matches(request)), None)
        if rule is None:
            self._answer(*self._hand_on(body))
            return
        rule.times -= 1
        if not rule.status:
            self._hand_on(body)
            self.close_connection = True
            return
        self._answer(rule.status, {"Content-Type": "application/json"}, json.dumps(rule.answer).encode())

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _handle  # noqa: N815 -- the base class calls by these names

    def _hand_on(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        request = urllib.request.Request(self.server.target + self.path, body or None, method=self.command)  # noqa: S310 -- the address is ours
        for name, value in self.headers.items():
            if name.lower() not in ("connection", "content-length", "accept-encoding"):
                request.add_header(name, value)
        try:
            with _OPENER.open(request, timeout=60) as answer:
                return answer.status, dict(answer.headers), answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, dict(error.headers), error.read()

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in ("connection", "content-length", "transfer-encoding", "date", "server"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- named so in the base class
        """Stay silent."""
