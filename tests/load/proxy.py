"""A proxy before the emulator, that plays BigQuery's bad nights."""

import json
import re
import socket
import struct
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, TypeVar

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
Answer = tuple[int, dict[str, str], bytes]
_RESET = struct.pack("ii", 1, 0)


@dataclass
class Rule:
    """What happens to the next `times` requests whose "METHOD path" matches."""

    request: str
    fate: Literal["answered", "lost", "slow", "stalled", "cut off"]
    times: int = 1
    status: int = 200
    answer: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0

    def matches(self, request: str) -> bool:
        """Whether this request is one of those."""
        return self.times > 0 and re.search(self.request, request) is not None


def answered(request: str, answer: dict[str, Any], *, status: int = 200, times: int = 1) -> Rule:
    """Let requests be answered without being done."""
    return Rule(request, "answered", times, status, answer)


def refusal(request: str, status: int, reason: str, message: str, *, times: int = 1) -> Rule:
    """Let BigQuery refuse requests, in the form in which it does."""
    error = {"code": status, "message": message, "errors": [{"reason": reason, "message": message}]}
    return answered(request, {"error": error}, status=status, times=times)


def failed_job(request: str, kind: str, reason: str, message: str, *, times: int = 1) -> Rule:
    """Let BigQuery say of jobs that they ran and failed. kind: "load" or "query"."""
    status = {"state": "DONE", "errorResult": {"reason": reason, "message": message}}
    reference = {"projectId": "a-project", "jobId": "x"}
    job = {"jobReference": reference, "configuration": {kind: {"query": ""}}, "status": status}
    return answered(request, job, times=times)


def lost_answer(request: str) -> Rule:
    """Let a request be done, but its answer get lost."""
    return Rule(request, "lost")


def slow_answer(request: str, seconds: float) -> Rule:
    """Let a request be done, and its answer take some time."""
    return Rule(request, "slow", seconds=seconds)


def stalled(request: str) -> Rule:
    """Let a request go nowhere, and the connection stay open without a word."""
    return Rule(request, "stalled")


def cut_off(request: str) -> Rule:
    """Let the connection be reset when half of the request's body has come."""
    return Rule(request, "cut off")


def in_json(told: Any) -> Answer:
    """Write an answer."""
    return 200, {"Content-Type": "application/json"}, json.dumps(told).encode()


class Proxy(ThreadingHTTPServer):
    """Hands every request on to the emulator, but those that a rule is about. seen: "METHOD path" of all requests."""

    daemon_threads = True

    def __init__(self, target: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target = target
        self.rules: list[Rule] = []
        self.seen: list[str] = []
        self.ended = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def answer(self, request: str, body: bytes) -> Answer | None:
        """Answer a request that no rule is about; None: it is handed on."""
        return None

    def told(self, request: str, pattern: str) -> Any:
        """Ask the emulator what a request asks whose path the pattern finds; None: it is another, or was refused."""
        asked = re.match(pattern, request)
        if asked is None:
            return None
        try:
            with _OPENER.open(self.target + asked[1]) as answer:
                return json.load(answer)
        except urllib.error.HTTPError:
            return None

    def count(self, request: str) -> int:
        """Count the requests that match."""
        return sum(1 for seen in self.seen if re.search(request, seen))


class Remembering(Proxy):
    """A proxy that gives tables the time of their last change, which the emulator gives them only for metadata."""

    changed: str | None = None

    def answer(self, request: str, body: bytes) -> Answer | None:
        """Tell of tables what is remembered, and remember when a publish has ended."""
        told = self.told(request, r"GET (/\S+/(?:tables/\w+|jobs/\S+-publish-[^?]+)(?:\?\S*)?)$")
        if told is None:
            return None
        if "/jobs/" in request:
            self.changed = told["statistics"].get("endTime")
        elif self.changed:
            told["lastModifiedTime"] = self.changed
        return in_json(told)


class Billing(Proxy):
    """A proxy that bills 40 MB for each query, for which the emulator bills nothing."""

    def answer(self, request: str, body: bytes) -> Answer | None:
        """Bill a query that has ended."""
        told = self.told(request, r"GET (/\S+/jobs/\S+)$")
        if told is None or "query" not in told["configuration"]:
            return None
        if told["status"]["state"] == "DONE":
            told["statistics"]["query"] = {"totalBytesProcessed": "123", "totalBytesBilled": str(40 * 2**20)}
        return in_json(told)


class Listening(Proxy):
    """A proxy that notes each statement that it hands on."""

    def __init__(self, target: str) -> None:
        super().__init__(target)
        self.statements: list[str] = []

    def answer(self, request: str, body: bytes) -> Answer | None:
        """Note the statement of a request."""
        if request.startswith("POST") and b'"query"' in body:
            sent = json.loads(body)
            self.statements.append(sent.get("query") or sent["configuration"]["query"]["query"])
        return None


P = TypeVar("P", bound=Proxy)


@contextmanager
def running_proxy(target: str, kind: type[P] = Proxy) -> Iterator[P]:  # type: ignore[assignment]
    """Start a proxy before the emulator, and stop it."""
    with kind(target) as proxy:
        thread = threading.Thread(target=proxy.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield proxy
        finally:
            proxy.ended.set()
            proxy.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits 40 ms for the other side's receipt of its headers
    server: Proxy

    def _handle(self) -> None:
        request = f"{self.command} {self.path}"
        self.server.seen.append(request)
        size = int(self.headers.get("Content-Length") or 0)
        rule = next((rule for rule in self.server.rules if rule.matches(request)), None)
        if rule is None:
            body = self.rfile.read(size)
            self._answer(*(self.server.answer(request, body) or self._hand_on(body)))
            return
        rule.times -= 1
        if rule.fate == "cut off":
            self.rfile.read(size // 2)
            self._reset()
            return
        body = self.rfile.read(size)
        if rule.fate == "answered":
            self._answer(rule.status, {"Content-Type": "application/json"}, json.dumps(rule.answer).encode())
        elif rule.fate == "slow":
            answer = self._hand_on(body)
            self.server.ended.wait(rule.seconds)
            self._answer(*answer)
        elif rule.fate == "lost":
            self._hand_on(body)
            self.close_connection = True
        else:
            self.server.ended.wait()
            self.close_connection = True

    def _reset(self) -> None:
        """Close the connection so that the other side gets a reset, and not an end."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.rfile.close()
        self.wfile.close()
        self.connection.close()
        self.close_connection = True

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _handle  # noqa: N815 -- the base class calls by these names

    def _hand_on(self, body: bytes) -> Answer:
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
