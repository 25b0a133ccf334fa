"""The wire between the download and its server: a proxy on loopback that does to it what wires do.

    with Wire(url_of_the_server) as wire:
        wire.when("^COPY", cut, after=100_000)
        company.sources["shop"] = wire.url

A link is one connection. It is known by the statements that went over it, as text, from the client to the server.
"""

import re
import socket
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass

from sqlalchemy.engine import make_url

_CHUNK = 16 * 1024


class Link:
    """One connection through the wire."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self._ends = (client, server)
        self.statements: list[str] = []
        self.stalled = False
        self.pause = 0.0  # seconds before each 16 KB that come back
        self.armed: list[tuple[int, Callable[[Link], None]]] = []  # what to do when so many bytes have come back

    def cut(self) -> None:
        """Break the connection for both ends."""
        for end in self._ends:
            with suppress(OSError):  # it is broken already
                end.shutdown(socket.SHUT_RDWR)

    def slow_down(self) -> None:
        """Let the server wait for the client, for seconds: it is held up in the midst of its answer."""
        self.pause = 0.05

    def stall(self) -> None:
        """Pass nothing on from now on, and say so to nobody."""
        self.stalled = True


@dataclass
class _Rule:
    pattern: re.Pattern[str]
    act: Callable[[Link], None]
    after: int
    times: int


class Wire:
    """Listens on a free port and passes everything on to the server, unless a rule says otherwise."""

    def __init__(self, server: str) -> None:
        url = make_url(server)
        self._server = f"{url.query['host']}/.s.PGSQL.{url.query['port']}"
        self._listener = socket.create_server(("127.0.0.1", 0))
        port = self._listener.getsockname()[1]
        self.url = url.set(host="127.0.0.1", port=port, query={}).render_as_string(hide_password=False)
        self.links: list[Link] = []
        self.stalled = False  # set it, and nothing passes any more, over no link
        self._rules: list[_Rule] = []
        self._threads: list[threading.Thread] = []
        self._closed = threading.Event()

    def when(self, pattern: str, act: Callable[[Link], None], *, after: int = 0, times: int = 1) -> None:
        """Act on the links over which a statement goes that matches; the first `times` of them.

        after: bytes of the server's answer that pass before; 0: before the server hears of the statement.
        """
        self._rules.append(_Rule(re.compile(pattern, re.DOTALL), act, after, times))

    def count(self, pattern: str) -> int:
        """Say how many statements have matched."""
        return sum(bool(re.search(pattern, said, re.DOTALL)) for link in self.links for said in link.statements)

    def cut(self, pattern: str) -> None:
        """Cut every link over which such a statement went."""
        for link in self.links:
            if any(re.search(pattern, said, re.DOTALL) for said in link.statements):
                link.cut()

    def __enter__(self) -> "Wire":
        self._start(self._listen)
        return self

    def __exit__(self, *exc: object) -> None:
        self._closed.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for link in self.links:
            link.cut()
        for thread in self._threads:
            thread.join(10)

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _listen(self) -> None:
        while not self._closed.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:  # closed
                return
            server = socket.socket(socket.AF_UNIX)
            try:
                server.connect(self._server)
            except OSError:  # it does not run
                client.close()
                server.close()
                continue
            link = Link(client, server)
            self.links.append(link)
            self._start(self._pass_on, link, client, server)

    def _pass_on(self, link: Link, client: socket.socket, server: socket.socket) -> None:
        with closing(client), closing(server):
            back = threading.Thread(target=self._back, args=(link, client, server), daemon=True)
            back.start()
            try:
                with suppress(OSError):
                    while data := client.recv(_CHUNK):
                        self._heed(link, data)
                        self._send(link, server, data)
            finally:
                link.cut()
                back.join()

    def _heed(self, link: Link, data: bytes) -> None:
        """Read a statement, which begins a message `Q`, and do what the rules want."""
        if data[:1] != b"Q":
            return
        statement = data[5:].rstrip(b"\0").decode(errors="replace")
        link.statements.append(statement)
        for rule in self._rules:
            if rule.times and rule.pattern.search(statement):
                rule.times -= 1
                if rule.after:
                    link.armed.append((rule.after, rule.act))
                else:
                    rule.act(link)

    def _back(self, link: Link, client: socket.socket, server: socket.socket) -> None:
        try:
            with suppress(OSError):
                while data := server.recv(_CHUNK):
                    link.armed = [(after - len(data), act) for after, act in link.armed]
                    for act in [act for after, act in link.armed if after <= 0]:
                        act(link)
                    link.armed = [(after, act) for after, act in link.armed if after > 0]
                    time.sleep(link.pause)
                    self._send(link, client, data)
        finally:  # also when what the test wanted done has failed
            link.cut()

    def _send(self, link: Link, to: socket.socket, data: bytes) -> None:
        while (self.stalled or link.stalled) and not self._closed.wait(0.05):
            pass
        to.sendall(data)
