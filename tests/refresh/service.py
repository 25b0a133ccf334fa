"""A stand-in for the Power BI service and its sign-in: what it knows and answers (tests.refresh.server serves it).

It answers as Microsoft documents it: OpenID configuration and tokens, workspaces, refreshes, their history and details.
A refresh ends after a number of looks at it. What is to go wrong is put into `faults` and the other fields.
"""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

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
        secret = SecretStr(SECRET)
        return Target(WORKSPACE, DATASET, TENANT, CLIENT, secret, patience, self.url, self.url, SCOPE)

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
            return 400, error("InvalidRequest", "Enhanced refresh parameters are not supported here."), ""
        if self.history and self.history[0]["status"] == "Unknown":
            busy = "Invalid dataset refresh request. Another refresh request is already executing"
            return 409 if enhanced else 400, error("InvalidRequest", busy), ""
        if not self.dedicated and len(self.history) >= 8:
            spent = "Invalid dataset refresh request. Number of refresh requests in last 24 hours exceeded limit"
            return 400, error("InvalidRequest", spent), ""
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
        if entry["refreshType"] != "ViaEnhancedApi":
            return shown
        return shown | {"status": "Failed" if extended == "TimedOut" else entry["status"], "extendedStatus": extended}

    def details(self, refresh: str) -> Json | None:
        """Tell of an enhanced refresh: of a failed one not the service's exception, but messages of the engine."""
        entry = next((entry for entry in self.history if entry["requestId"] == refresh), None)
        seen = self.look(entry) if entry else None
        if seen is None or "serviceExceptionJson" not in seen:
            return seen
        told = [("Warning", "Slow."), ("Error", "The credentials provided are invalid.")]
        del seen["serviceExceptionJson"]
        return seen | {"messages": [{"type": kind, "message": text, "code": "0x1"} for kind, text in told]}


def error(code: str, message: str) -> Json:
    """Say why something is refused."""
    return {"error": {"code": code, "message": message}}
