"""Microsoft's own reader and writer of TMDL, asked over its standard input: one JSON message a line.

It has a preview licence, for development and tests. It gets no way to the network.
"""

import json
import os
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.powerbi.node import MODELING

_SECONDS = 60
_NOWHERE = "http://127.0.0.1:9"


class ModelingError(Exception):
    """What Microsoft's library says against a model."""


def roundtrip(definition: Path) -> dict[str, str]:
    """Read a model's TMDL folder and give what is written of it, path → text. Raises ModelingError if it is refused."""
    with TemporaryDirectory() as home, _server(Path(home)) as server:
        written = Path(home) / "definition"
        _operate(server, operation="ImportFromTmdlFolder", tmdlFolderPath=str(definition.resolve()))
        _operate(server, operation="ExportToTmdlFolder", tmdlFolderPath=str(written))
        return read_tmdl(written)


def read_tmdl(definition: Path) -> dict[str, str]:
    """Read a folder of TMDL, path → text."""
    # Bytes, so that line ends are compared, too.
    return {
        path.relative_to(definition).as_posix(): path.read_bytes().decode("utf-8")
        for path in sorted(definition.rglob("*.tmdl"))
    }


class _Server:
    """A running server. Its messages are answered one after the other."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process, self._asked = process, 0
        self._give_up = time.monotonic() + _SECONDS
        self._unread = b""

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        self._asked += 1
        self.tell(method, id=self._asked, params=params)
        while True:
            message: dict[str, Any] = json.loads(self._line())
            if message.get("id") == self._asked and "method" not in message:
                return message

    def tell(self, method: str, **more: Any) -> None:
        assert self._process.stdin is not None
        message = {"jsonrpc": "2.0", "method": method, **more}
        self._process.stdin.write(json.dumps(message).encode() + b"\n")
        self._process.stdin.flush()

    def _line(self) -> bytes:
        assert self._process.stdout is not None
        while b"\n" not in self._unread:
            ready, _, _ = select.select([self._process.stdout], [], [], max(0, self._give_up - time.monotonic()))
            got = os.read(self._process.stdout.fileno(), 1 << 16) if ready else b""
            if not got:
                raise TimeoutError("the modeling server ended, or did not answer in time")
            self._unread += got
        line, _, self._unread = self._unread.partition(b"\n")
        return line


@contextmanager
def _server(home: Path) -> Iterator[_Server]:
    programs = (MODELING / "node_modules/@microsoft").glob("powerbi-modeling-mcp-*/dist/powerbi-modeling-mcp")
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "HTTPS_PROXY": _NOWHERE, "HTTP_PROXY": _NOWHERE}
    with (home / "errors").open("wb") as errors:
        process = subprocess.Popen(
            [next(programs), "--start"],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
    try:
        server = _Server(process)
        me = {"name": "tests", "version": "1"}
        server.ask("initialize", protocolVersion="2024-11-05", capabilities={}, clientInfo=me)
        server.tell("notifications/initialized")
        yield server
    finally:
        process.kill()
        process.communicate()


def _operate(server: _Server, **request: str) -> None:
    answer = server.ask("tools/call", name="database_operations", arguments={"request": request})
    result = answer.get("result", {"isError": True, "content": [{"text": json.dumps(answer)}]})
    if result.get("isError"):
        said = "\n".join(str(part.get("text")) for part in result["content"])
        with suppress(json.JSONDecodeError, KeyError, TypeError):  # else it is told as it came
            said = json.loads(said)["message"]
        raise ModelingError(said)
