"""A mail server on the loopback interface, which keeps what it is sent."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage


class _Session(socketserver.StreamRequestHandler):
    """As much of SMTP as a client needs who sends a mail without a password."""

    def handle(self) -> None:
        server = self.server
        assert isinstance(server, MailServer)
        self._say("220 here")
        while line := self.rfile.readline():
            word = line.split()[0].upper()
            if word == b"RCPT" and any(name.encode() in line for name in server.refused):
                server.refusals += 1
                self._say("550 unknown")
                continue
            if word == b"DATA":
                self._say("354 go on")
                server.received.append(self._mail())
            self._say("221 bye" if word == b"QUIT" else "250 well")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())

    def _mail(self) -> EmailMessage:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        mail = message_from_bytes(b"".join(lines), policy=policy.default)
        assert isinstance(mail, EmailMessage)
        return mail


class MailServer(socketserver.ThreadingTCPServer):
    """Serves SMTP. received: the mails; refused: whom it takes none for, and how often that was wanted."""

    daemon_threads = True

    def __init__(self) -> None:
        self.received: list[EmailMessage] = []
        self.refused: set[str] = set()
        self.refusals = 0
        super().__init__(("127.0.0.1", 0), _Session)

    @property
    def address(self) -> str:
        """What Apprise calls it, for mail to the board."""
        return f"mailto://127.0.0.1:{self.server_address[1]}?from=etl@example.com&to=board@example.com"


@contextmanager
def serving() -> Iterator[MailServer]:
    """Run a server."""
    with MailServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
