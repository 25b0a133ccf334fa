"""What the Power BI service answers, read: refreshes and how they ended, and why it refuses."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests

from etl.core.errors import RefreshError

_ENDED = ("Completed", "Failed", "Disabled", "Cancelled", "TimedOut")
_LONGEST = 600
"""Characters of what the service says that are repeated."""

_HISTORY = "Look at the refresh history in the dataset's settings in Power BI."
_CREDENTIALS = "Enter the data source's credentials again in the dataset's settings in Power BI."
CURES = {
    0: _HISTORY,
    401: "Let an administrator of the tenant allow service principals to call the Power BI APIs (admin portal, tenant"
    " settings, developer settings).",
    403: "Make the service principal a member of the workspace (Contributor or more), and let it be allowed to call the"
    " Power BI APIs in the tenant's settings.",
    404: "Check POWERBI_WORKSPACE and POWERBI_DATASET: both are in the address of the dataset's page.",
}
"""What to do about a refusal of a refresh, by its status; 0: about any other."""


class BadRequestError(RefreshError):
    """The service calls what it was asked faulty: status 400."""


@dataclass(frozen=True)
class Refresh:
    """A refresh as the service tells of it. status: as there; why: what it says of a failure."""

    id: str
    kind: str
    status: str
    why: str

    @property
    def under_way(self) -> bool:
        """Whether it has not ended, as far as the service knows."""
        return self.status not in _ENDED

    @property
    def is_scheduled(self) -> bool:
        """Whether no program asked for it."""
        return self.kind in ("Scheduled", "OnDemand")

    def check(self) -> None:
        """Raise RefreshError unless it went well."""
        if self.status != "Completed":
            why = f": {self.why.rstrip('.')}." if self.why else ", and Power BI does not say why."
            raise RefreshError(
                f"it ended as {self.status}{why}", _CREDENTIALS if "credential" in self.why.lower() else _HISTORY
            )


def read_refresh(told: dict[str, Any]) -> Refresh:
    """Read an entry of the history, or the details of an enhanced refresh."""
    status = str(told.get("status") or "Unknown")
    closer = str(told.get("extendedStatus") or "")
    return Refresh(
        id=str(told.get("requestId") or ""),
        kind=str(told.get("refreshType") or ""),
        status=closer if closer in _ENDED and status != "Completed" else status,
        why=_why(told),
    )


def content(answer: requests.Response) -> dict[str, Any]:
    """Read an answer's JSON; nothing where it has none."""
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def said(answer: requests.Response) -> str:
    """Return what an answer that refuses says: its error's code and message, of Power BI's form or of Fabric's."""
    found = content(answer)
    return told_by(found["error"] if isinstance(found.get("error"), dict) else found)


def told_by(error: dict[str, Any]) -> str:
    """Return what an error says: its code and message, and the details that come with them."""
    inner = error.get("pbi.error")
    details = inner.get("details") if isinstance(inner, dict) else error.get("moreDetails")
    parts = [error.get("errorCode") or error.get("code"), error.get("message")]
    for detail in details if isinstance(details, list) else ():
        value = detail.get("detail", detail) if isinstance(detail, dict) else detail
        parts.append(value.get("value") or value.get("message") if isinstance(value, dict) else value)
    return _short(" ".join(str(part) for part in dict.fromkeys(parts) if part))


def is_busy(answer: requests.Response) -> bool:
    """Whether another refresh of the dataset is under way: 409 of an enhanced one, 400 of a standard one."""
    return answer.status_code == 409 or (answer.status_code == 400 and "already executing" in said(answer))


def is_spent(answer: requests.Response) -> bool:
    """Whether the refreshes are spent that a shared capacity has in 24 hours."""
    return answer.status_code in (400, 403, 429) and "24 hours" in said(answer)


def refused(answer: requests.Response, cures: Mapping[int, str] = CURES) -> RefreshError:
    """Explain an answer that is a refusal, or a fault of the service. cures: what to do, by its status."""
    text = said(answer)
    told = f"Power BI answered {answer.status_code}" + (f": {text.rstrip('.')}." if text else ".")
    if is_spent(answer):
        return RefreshError(
            f"the shared capacity's refreshes for 24 hours are used up (scheduled ones count, too). {told}",
            "Take scheduled refreshes out of the dataset's settings in Power BI, wait for the day to pass, or put the"
            " workspace on a Premium or Fabric capacity.",
        )
    if answer.status_code >= 500:
        return RefreshError(told, transient=True)
    kind = BadRequestError if answer.status_code == 400 else RefreshError
    return kind(told, cures.get(answer.status_code, cures[0]))


def _why(told: dict[str, Any]) -> str:
    """Find what a refresh says of its failure: an exception of the service, or messages of the engine."""
    if exception := told.get("serviceExceptionJson"):
        return _exception(str(exception))
    messages = [message for message in told.get("messages") or () if isinstance(message, dict)]
    return _short(" ".join(str(message.get("message", "")) for message in messages if message.get("type") != "Warning"))


def _exception(text: str) -> str:
    try:
        found = json.loads(text)
    except ValueError:
        return _short(text)
    if not isinstance(found, dict):
        return _short(text)
    parts = [str(found[part]) for part in ("errorCode", "errorDescription") if found.get(part)]
    return _short(": ".join(parts) or text)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
