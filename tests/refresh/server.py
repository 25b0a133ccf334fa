"""The stand-in for the Power BI service on loopback, over TLS: Microsoft's library speaks nothing else."""

import datetime as dt
import ipaddress
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TypeVar
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.refresh.service import DATASET, DROP, TENANT, TOKEN, WORKSPACE, Json, PowerBi, error


def certificate(folder: Path) -> Path:
    """Make a certificate for 127.0.0.1 that vouches for itself; gives the file that has it and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "stand-in")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    unlocked = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + unlocked)
    return file


class Handler(BaseHTTPRequestHandler):
    """Finds who is to answer."""

    service: PowerBi

    def do_GET(self) -> None:
        """Answer a question."""
        self._heard({})
        path = urlsplit(self.path).path
        if path.endswith("/.well-known/openid-configuration"):
            place = f"{self.service.url}/{TENANT}"
            known = path.startswith(f"/{TENANT}/")
            places = {f"{name}_endpoint": f"{place}/oauth2/v2.0/{name}" for name in ("authorization", "token")}
            self._answer(200 if known else 400, places | {"issuer": f"{place}/v2.0"})
        elif self._may("GET"):
            self._get(path)

    def _get(self, path: str) -> None:
        if path == "/v1.0/myorg/groups":
            self._answer(*self.service.workspaces())
        elif path == self._refreshes:
            most = int(parse_qs(urlsplit(self.path).query)["$top"][0])
            shown = [seen for entry in self.service.history[:most] if (seen := self.service.look(entry))]
            self._answer(200, {"value": shown})
        else:
            seen = self.service.details(path.removeprefix(f"{self._refreshes}/"))
            self._answer(404 if seen is None else 202 if seen["status"] == "Unknown" else 200, seen or {})

    def do_POST(self) -> None:
        """Sign somebody in, or begin a refresh."""
        text = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
        if self.path.startswith("/told"):  # a monitor and a chat live here as well
            self._heard({"told": text})
            self._answer(200, {})
            return
        if self.path == f"/{TENANT}/oauth2/v2.0/token":
            form = {name: values[0] for name, values in parse_qs(text).items()}
            self._heard({})
            self._answer(*self.service.sign_in(form))
            return
        body = json.loads(text or "{}")
        self._heard(body)
        self._post(body)

    def _post(self, body: Json) -> None:
        if self.service.faults.get("POST") and self.service.begins_all_the_same:
            self.service.post(body)
        if self._may("POST"):
            status, answer, begun = self.service.post(body)
            place = {"Location": f"{self.service.url}{self._refreshes}/{begun}", "x-ms-request-id": begun}
            self._answer(status, answer, place if begun and status == 202 else {})

    def do_DELETE(self) -> None:
        """Cancel a refresh."""
        self._heard({})
        if self._may("DELETE"):
            for entry in self.service.history:
                if self.path.endswith(entry["requestId"]):
                    entry["status"] = "Cancelled"
            self._answer(200, {})

    _token = TOKEN

    @property
    def _refreshes(self) -> str:
        return f"/v1.0/myorg/groups/{WORKSPACE}/datasets/{DATASET}/refreshes"

    def _may(self, method: str) -> bool:
        """Whether a call is to be answered; one without our token, and what `faults` says, is not."""
        if self.headers["Authorization"] != f"Bearer {self._token}":
            self._answer(403, error("TokenExpired", "Access token has expired."))
            return False
        waiting = self.service.faults.get(method)
        if not waiting:
            return True
        fault = waiting.pop(0)
        if fault == DROP:
            self.close_connection = True
        elif fault == 429:
            self._answer(429, {"message": "Too many."}, {"Retry-After": str(self.service.retry_after)})
        else:
            self._answer(int(fault), error("Fault", "Injected."))
        return False

    def _heard(self, body: Json) -> None:
        self.service.heard.append((self.command, urlsplit(self.path).path, body))

    def _answer(self, status: int, content: Json, headers: dict[str, str] | None = None) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


S = TypeVar("S", bound=PowerBi)


@contextmanager
def serving(pem: Path, service: S, handler: type[Handler]) -> Iterator[S]:
    """Run a service. pem: its certificate and key; handler: who answers for it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (handler,), {"service": service}))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02), daemon=True)
    thread.start()
    service.url = f"https://127.0.0.1:{server.server_port}"
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def running(pem: Path) -> Iterator[PowerBi]:
    """Run a service. pem: its certificate and key."""
    with serving(pem, PowerBi(), Handler) as service:
        yield service
