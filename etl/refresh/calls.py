"""Calls of a service of Microsoft's, as a service principal: signed, with limits, again where that does no harm."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import requests

from etl.core.deadline import within
from etl.core.errors import RefreshError
from etl.core.retry import attempts, is_transient
from etl.refresh.answers import CURES, content, is_spent, refused
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


class Calls:
    """Makes calls, signed with tokens of the target's scope. cures: what to do about a refusal, by its status."""

    def __init__(
        self, target: Target, session: requests.Session, waiting: Waiting, cures: Mapping[int, str] = CURES
    ) -> None:
        self._session, self._waiting, self._cures = session, waiting, cures
        session.request = partial(session.request, timeout=_TIMEOUT)  # type: ignore[method-assign]  # the sign-in's, too
        self._sign_in = SignIn(target, session)

    def get(self, address: str, parameters: Mapping[str, str], *, missing: bool = False) -> dict[str, Any]:
        """Ask a question, again where a fault may pass. missing: whether what is not there is no fault, but nothing."""
        answer = self._asked("GET", address, missing=missing, params=parameters)
        return {} if answer.status_code == 404 else content(answer)

    def ask(self, address: str, body: object) -> requests.Response:
        """Ask a question that is posted, and changes nothing: again where a fault may pass."""
        return self._asked("POST", address, missing=False, json=body)

    def _asked(self, method: str, address: str, *, missing: bool, **more: Any) -> requests.Response:
        for attempt in attempts(is_transient, self._patience):
            with attempt:
                answer = self.call(method, address, **more)
                return answer if missing and answer.status_code == 404 else self.accepted(answer)
        raise AssertionError  # the last attempt raises

    def accepted(self, answer: requests.Response) -> requests.Response:
        """Return an answer that is no refusal. Raises RefreshError."""
        if not answer.ok:
            raise refused(answer, self._cures)
        return answer

    @property
    def _patience(self) -> float:
        return min(_TROUBLE, max(self._waiting.left, 0))

    def call(self, method: str, address: str, **more: Any) -> requests.Response:
        """Make a call; where the service is throttled, which does nothing then, again when it wants it."""
        host = "/".join(address.split("/")[:3])
        while True:
            token = self._sign_in.token(self._patience)
            call = partial(self._session.request, method, address, auth=partial(_signed, token=token), **more)
            try:
                answer = within(_LONGEST, call)
            except (requests.RequestException, TimeoutError) as error:  # whose text tells addresses
                raise RefreshError(f"{host} could not be reached ({type(error).__name__}).", transient=True) from None
            if answer.status_code != 429 or is_spent(answer):
                return answer
            wanted = answer.headers.get("Retry-After", "")
            self._waiting.obey(float(wanted) if wanted.isdigit() else _THROTTLED)


def _signed(request: requests.PreparedRequest, token: str) -> requests.PreparedRequest:
    request.headers["Authorization"] = f"Bearer {token}"
    return request
