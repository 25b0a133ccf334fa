"""A monitor and a chat, as a server on loopback."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Monitor:
    """A server on loopback that keeps what it is told. answers: the statuses that it gives, the last one for ever."""

    url: str = ""
    heard: list[tuple[str, str]] = field(default_factory=list)
    answers: list[int] = field(default_factory=lambda: [200])
    drips: str = ""  # what it gives byte by byte, without an end: "head" or "body"


@contextmanager
def listening() -> Iterator[Monitor]:
    """Give a running monitor."""
    monitor = Monitor()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            monitor.heard.append((self.path, body))
            if monitor.drips:
                self.drip()
                return
            self.send_response(monitor.answers.pop(0) if len(monitor.answers) > 1 else monitor.answers[0])
            self.end_headers()

        def drip(self) -> None:
            if monitor.drips == "body":
                self.send_response(200)
                self.end_headers()
            with suppress(OSError):  # whoever listened went away
                while True:
                    self.wfile.write(b"x")
                    time.sleep(0.2)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monitor.url = f"http://127.0.0.1:{server.server_port}"
    yield monitor
    server.shutdown()
    server.server_close()
