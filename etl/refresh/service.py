"""The REST API of the Power BI service, as far as a refresh needs it. Every fault is a RefreshError."""

from typing import Any

import requests

from etl.core.errors import RefreshError
from etl.refresh.answers import Refresh, is_busy, read_refresh, refused
from etl.refresh.calls import Calls
from etl.refresh.target import Target
from etl.refresh.waiting import Waiting


class BusyError(RefreshError):
    """Another refresh of the dataset is under way, so that none was begun."""


class Service:
    """One dataset of the service."""

    def __init__(self, target: Target, session: requests.Session, waiting: Waiting) -> None:
        self._target, self._calls = target, Calls(target, session, waiting)
        self._groups = f"{target.service}/v1.0/myorg/groups"
        self._refreshes = f"{self._groups}/{target.workspace}/datasets/{target.dataset}/refreshes"

    def is_dedicated(self) -> bool:
        """Whether the workspace is on a capacity of its own (Premium, PPU, Fabric), which can do enhanced refreshes."""
        found = self._calls.get(self._groups, {"$filter": f"id eq '{self._target.workspace}'"}).get("value") or ()
        for group in found:
            if str(group.get("id", "")).lower() == self._target.workspace.lower():
                return bool(group.get("isOnDedicatedCapacity"))
        raise RefreshError(
            f"the workspace {self._target.workspace} is not visible to this service principal.",
            "Make the service principal a member of the workspace (Contributor or more), and check POWERBI_WORKSPACE.",
        )

    def history(self) -> list[Refresh]:
        """Return the newest refreshes, newest first."""
        return [read_refresh(entry) for entry in self._calls.get(self._refreshes, {"$top": "10"}).get("value") or ()]

    def begin(self, body: dict[str, Any]) -> str:
        """Ask for a refresh, once; gives its id, which may be empty. Raises BusyError.

        An error that is transient leaves open whether it began.
        """
        answer = self._calls.call("POST", self._refreshes, json=body)
        if is_busy(answer):
            raise BusyError("another refresh of the dataset is under way")
        if not answer.ok:
            raise refused(answer)
        place = answer.headers.get("Location", "").rstrip("/").rpartition("/")[2]
        return place or answer.headers.get("x-ms-request-id", "") or answer.headers.get("RequestId", "")

    def state(self, refresh: str, *, enhanced: bool) -> Refresh | None:
        """Return how a refresh is; None where the service does not know it (yet)."""
        if not enhanced:
            return next((entry for entry in self.history() if entry.id == refresh), None)
        told = self._calls.get(f"{self._refreshes}/{refresh}", {}, missing=True)
        return read_refresh(told) if told else None

    def cancel(self, refresh: str) -> bool:
        """Cancel an enhanced refresh; gives whether that was accepted."""
        try:
            return self._calls.call("DELETE", f"{self._refreshes}/{refresh}").ok
        except RefreshError:
            return False
