"""Notices for people who are not watching. A notice that fails is a line in the log, and never fails the night."""

from urllib.parse import urlsplit, urlunsplit

import requests
from pydantic import SecretStr

from etl.core.log import log
from etl.core.retry import attempts

_TIMES, _SECONDS = 3, 10.0
_TIMEOUT = (3.0, 4.0)
"""Seconds to connect, and to answer."""


def heartbeat(url: SecretStr | None, path: str, text: str = "") -> None:
    """Tell a monitor as healthchecks.io wants it. path: "start", "fail", or "" for success; text: kept there."""
    if url:
        parts = urlsplit(url.get_secret_value())
        place = parts._replace(path=parts.path.rstrip("/") + (f"/{path}" if path else ""))
        _post("the heartbeat", urlunsplit(place), data=text.encode())


def webhook(url: SecretStr | None, text: str) -> None:
    """Tell a chat: Slack, Teams and Mattermost understand {"text": …}."""
    if url:
        _post("the webhook", url.get_secret_value(), json={"text": text})


def _post(what: str, url: str, **content: object) -> None:
    try:
        for attempt in attempts(lambda error: isinstance(error, requests.RequestException), _SECONDS, _TIMES):
            with attempt:
                requests.post(url, timeout=_TIMEOUT, **content).raise_for_status()  # type: ignore[arg-type]
    except (requests.RequestException, ValueError) as error:  # whose text would tell the address, which is a secret
        answer = getattr(error, "response", None)
        why = type(error).__name__ if answer is None else f"it answered {answer.status_code}"
        log.warning("%s could not be told: %s.", what, why)
