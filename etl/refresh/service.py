"""The REST API of the Power BI service, as far as a refresh needs it. Every fault is a RefreshError."""

from functools import partial
from typing import Any

import requests

from etl.core.deadline import within
from etl.core.errors import RefreshError
from etl.core.retry import attempts, is_transient
from etl.refresh.answers import Refresh, content, is_busy, is_spent, read_refresh, refused
from etl.refresh.sign_in import SignIn
from etl.refresh.target import Target
from etl.refresh.waiting import Waiting

_TIMEOUT = (10.0, 60.0)
"""Seconds to connect, and to answer."""
_LONGEST = 120.0
"""Seconds for a whole call, whatever holds it up."""
_TROUBLE = 120.0
"""Seconds, from the first fault on, for which a question is asked again."""
_THROTTLED = 30.0
"""Seconds to wait where the service is throttled and does not say for how long."""


class BusyError(RefreshError):
    """Another refresh of the dataset is under way, so that none was begun."""


class Service:
    """One dataset of the service."""

    def __init__(self, target: Target, session: requests.Session, waiting: Waiting) -> None:
        self._target, self._session, self._waiting = target, session, waiting
        session.request = partial(session.request, timeout=_TIMEOUT)  # type: ignore[method-assign]  # the sign-in's, too
        self._sign_in = SignIn(target, session)
        self._groups = f"{target.service}/v1.0/myorg/groups"
        self._refreshes = f"{self._groups}/{target.workspace}/datasets/{target.dataset}/refreshes"

    def is_dedicated(self) -> bool:
        """Whether the workspace is on a capacity of its own (Premium, PPU, Fabric), which can do enhanced refreshes."""
        found = self._get(self._groups, {"$filter": f"id eq '{self._target.workspace}'"}).get("value") or ()
        for group in found:
            if str(group.get("id", "")).lower() == self._target.workspace.lower():
                return bool(group.get("isOnDedicatedCapacity"))
        raise RefreshError(
            f"the workspace {self._target.workspace} is not visible to this service principal.",
            "Make the service principal a member of the workspace (Contributor or more), and check POWERBI_WORKSPACE.",
        )

    def history(self) -> list[Refresh]:
        """Return the newest refreshes, newest first."""
        return [read_refresh(entry) for entry in self._get(self._refreshes, {"$top": "10"}).get("value") or ()]

    def begin(self, body: dict[str, Any]) -> str:
        """Ask for a refresh, once; gives its id, which may be empty. Raises BusyError.

        An error that is transient leaves open whether it began.
        """
        answer = self._call("POST", self._refreshes, json=body)
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
        told = self._get(f"{self._refreshes}/{refresh}", {}, missing=True)
        return read_refresh(told) if told else None

    def cancel(self, refresh: str) -> bool:
        """Cancel an enhanced refresh; gives whether that was accepted."""
        try:
            return self._call("DELETE", f"{self._refreshes}/{refresh}").ok
        except RefreshError:
            return False

    def _get(self, address: str, parameters: dict[str, str], *, missing: bool = False) -> dict[str, Any]:
        """Ask a question, again where a fault may pass. missing: whether what is not there is no fault, but nothing."""
        for attempt in attempts(is_transient, self._patience):
            with attempt:
                answer = self._call("GET", address, params=parameters)
                if missing and answer.status_code == 404:
                    return {}
                if not answer.ok:
                    raise refused(answer)
                return content(answer)
        raise AssertionError  # the last attempt raises

    @property
    def _patience(self) -> float:
        return min(_TROUBLE, max(self._waiting.left, 0))

    def _call(self, method: str, address: str, **more: Any) -> requests.Response:
        """Make a call; where the service is throttled, which does nothing then, again when it wants it."""
        while True:
            token = self._sign_in.token(self._patience)
            call = partial(self._session.request, method, address, auth=partial(_signed, token=token), **more)
            try:
                answer = within(_LONGEST, call)
            except (requests.RequestException, TimeoutError) as error:  # whose text tells addresses
                raise RefreshError(
                    f"{self._target.service} could not be reached ({type(error).__name__}).", transient=True
                ) from None
            if answer.status_code != 429 or is_spent(answer):
                return answer
            wanted = answer.headers.get("Retry-After", "")
            self._waiting.obey(float(wanted) if wanted.isdigit() else _THROTTLED)


def _signed(request: requests.PreparedRequest, token: str) -> requests.PreparedRequest:
    request.headers["Authorization"] = f"Bearer {token}"
    return request
