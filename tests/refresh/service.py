"""A stand-in for the Power BI service and its sign-in, on loopback over TLS.

It answers as Microsoft documents it: OpenID configuration and tokens, workspaces, refreshes, their history and details.
A refresh ends after a number of looks at it. What is to go wrong is put into `faults` and the other fields.
"""

import datetime as dt
import ipaddress
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import SecretStr

from etl.refresh.target import Target

WORKSPACE, DATASET = "11111111-aaaa-4aaa-8aaa-111111111111", "22222222-bbbb-4bbb-8bbb-222222222222"
TENANT, CLIENT = "33333333-cccc-4ccc-8ccc-333333333333", "44444444-dddd-4ddd-8ddd-444444444444"
SECRET = "hush-hush~client.secret"
TOKEN = "hush-hush-token"
SCOPE = "https://analysis.windows.net/powerbi/api/.default"
CREDENTIALS = '{"errorCode":"ModelRefreshFailed_CredentialsNotSpecified","errorDescription":"No\\ncredentials."}'
DROP = "drop"
"""A fault: the connection is closed without an answer."""

Fault = int | str
Json = dict[str, Any]


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


@dataclass
class PowerBi:
    """What the service is like, and what it was asked.

    dedicated: whether the workspace has a capacity of its own; member: whether we may see it; looks: after how many
    looks a refresh ends, in what way; because: the serviceExceptionJson of one that fails; lag: looks that do not know
    a new refresh; faults: by method, what its next calls get instead of an answer; begins_all_the_same: whether a POST
    that gets a fault is obeyed.
    """

    url: str = ""
    dedicated: bool = False
    member: bool = True
    expired: bool = False
    looks: int = 1
    ends_as: str = "Completed"
    because: str = CREDENTIALS
    lag: int = 0
    retry_after: int = 1
    begins_all_the_same: bool = False
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    history: list[Json] = field(default_factory=list)
    heard: list[tuple[str, str, Json]] = field(default_factory=list)

    def target(self, patience: int = 20) -> Target:
        """Say what is to be refreshed here."""
        return Target(
            WORKSPACE, DATASET, TENANT, CLIENT, SecretStr(SECRET), patience, self.url, self.url, SCOPE
        )  # fmt: skip

    @property
    def settings(self) -> dict[str, str]:
        """Give the lines of a settings file."""
        return {
            "POWERBI_WORKSPACE": WORKSPACE,
            "POWERBI_DATASET": DATASET,
            "POWERBI_TENANT": TENANT,
            "POWERBI_CLIENT_ID": CLIENT,
            "POWERBI_CLIENT_SECRET": SECRET,
            "POWERBI_PATIENCE": "20",
            "POWERBI_SERVICE": self.url,
            "POWERBI_SIGN_IN": self.url,
        }

    @property
    def asked(self) -> list[Json]:
        """Give the bodies of the refreshes that were asked for, refused ones among them."""
        return [body for method, path, body in self.heard if method == "POST" and path.endswith("/refreshes")]

    def begin(self, kind: str, **more: object) -> Json:
        """Begin a refresh, as somebody else does; `ViaApi` and `ViaEnhancedApi` as we do."""
        entry = {
            "requestId": str(uuid4()),
            "refreshType": kind,
            "startTime": dt.datetime.now(dt.UTC).isoformat(),
            "status": "Unknown",
            "looks": self.looks,
            "lag": self.lag,
        } | more
        self.history.insert(0, entry)
        return entry

    def sign_in(self, form: Json) -> tuple[int, Json]:
        """Give a token to who says the secret."""
        right = form.get("client_id") == CLIENT and form.get("client_secret") == SECRET and form.get("scope") == SCOPE
        if right and not self.expired:
            return 200, {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3599}
        number, why = 7000215, "Invalid client secret provided. Ensure it is the value, and not the id."
        if self.expired:
            number, why = 7000222, f"The provided client secret keys for app '{CLIENT}' are expired."
        told = f"AADSTS{number}: {why} Trace ID: 0-1 Correlation ID: 0-2 Timestamp: 2030-01-31 02:30:00Z"
        return 401, {"error": "invalid_client", "error_description": told, "error_codes": [number]}

    def workspaces(self) -> tuple[int, Json]:
        """List what the account may see."""
        mine = {"id": WORKSPACE.upper(), "isOnDedicatedCapacity": self.dedicated, "name": "Sales"}
        return 200, {"value": [mine] if self.member else []}

    def post(self, body: Json) -> tuple[int, Json, str]:
        """Begin a refresh or refuse; gives status, answer, and the refresh's id."""
        enhanced = set(body) != {"notifyOption"}
        if enhanced and (not self.dedicated or "notifyOption" in body):
            return 400, _error("InvalidRequest", "Enhanced refresh parameters are not supported here."), ""
        if self.history and self.history[0]["status"] == "Unknown":
            busy = "Invalid dataset refresh request. Another refresh request is already executing"
            return 409 if enhanced else 400, _error("InvalidRequest", busy), ""
        if not self.dedicated and len(self.history) >= 8:
            spent = "Invalid dataset refresh request. Number of refresh requests in last 24 hours exceeded limit"
            return 400, _error("InvalidRequest", spent), ""
        return 202, {}, self.begin("ViaEnhancedApi" if enhanced else "ViaApi")["requestId"]

    def look(self, entry: Json) -> Json | None:
        """Look at a refresh, which may end it; None where it is not known yet."""
        if entry["lag"] > 0:
            entry["lag"] -= 1
            return None
        if entry["status"] == "Unknown":
            entry["looks"] -= 1
            if entry["looks"] < 0:
                entry["status"] = self.ends_as if entry["refreshType"].startswith("Via") else "Completed"
                failed = {"serviceExceptionJson": self.because} if entry["status"] == "Failed" else {}
                entry |= {"endTime": dt.datetime.now(dt.UTC).isoformat()} | failed
        extended = "InProgress" if entry["status"] == "Unknown" else entry["status"]
        shown = {name: value for name, value in entry.items() if name not in ("looks", "lag")}
        return shown | ({"extendedStatus": extended} if entry["refreshType"] == "ViaEnhancedApi" else {})


def _error(code: str, message: str) -> Json:
    return {"error": {"code": code, "message": message}}


class _Handler(BaseHTTPRequestHandler):
    """Finds who is to answer."""

    service: PowerBi

    def do_GET(self) -> None:
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
            entry = next((e for e in self.service.history if path == f"{self._refreshes}/{e['requestId']}"), None)
            seen = self.service.look(entry) if entry else None
            self._answer(404 if seen is None else 202 if seen["status"] == "Unknown" else 200, seen or {})

    def do_POST(self) -> None:
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
        body = json.loads(text)
        self._heard(body)
        if self.service.faults.get("POST") and self.service.begins_all_the_same:
            self.service.post(body)
        if self._may("POST"):
            status, answer, begun = self.service.post(body)
            place = {"Location": f"{self.service.url}{self._refreshes}/{begun}", "x-ms-request-id": begun}
            self._answer(status, answer, place if begun and status == 202 else {})

    def do_DELETE(self) -> None:
        self._heard({})
        if self._may("DELETE"):
            for entry in self.service.history:
                if self.path.endswith(entry["requestId"]):
                    entry["status"] = "Cancelled"
            self._answer(200, {})

    @property
    def _refreshes(self) -> str:
        return f"/v1.0/myorg/groups/{WORKSPACE}/datasets/{DATASET}/refreshes"

    def _may(self, method: str) -> bool:
        """Whether a call is to be answered; one without our token, and what `faults` says, is not."""
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            self._answer(403, _error("TokenExpired", "Access token has expired."))
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
            self._answer(int(fault), _error("Fault", "Injected."))
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


@contextmanager
def running(pem: Path) -> Iterator[PowerBi]:
    """Run a service. pem: its certificate and key."""
    service = PowerBi()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"service": service}))
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
