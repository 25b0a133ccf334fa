"""Notices for people who are not watching. A notice that fails is a line in the log, and never fails the night."""

import logging
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from pydantic import SecretStr

from config import Settings
from config.redacted import redact
from etl.core.deadline import within
from etl.core.errors import DeliveryError, EtlError, UsageError
from etl.core.log import log
from etl.core.retry import attempts
from etl.core.safe_text import safe_for_chat

_TIMES, _SECONDS = 3, 10.0
_SECONDS_BETWEEN = 1.0
_TIMEOUT = (3.0, 4.0)
"""Seconds to connect, and between two bytes of the answer."""
_CORRECT = "Write it as https://github.com/caronc/apprise/wiki shows it."
_DEADLINE = 20.0
"""Seconds for all attempts at a notice together, whatever holds them up."""


def heartbeat(url: SecretStr | None, path: str, text: str = "") -> None:
    """Tell a monitor as healthchecks.io wants it. path: "start", "fail", or "" for success; text: kept there."""
    if url:
        parts = urlsplit(url.get_secret_value())
        place = parts._replace(path=parts.path.rstrip("/") + (f"/{path}" if path else ""))
        _post("the heartbeat", urlunsplit(place), data=redact(text).encode(errors="backslashreplace"))


def webhook(url: SecretStr | None, text: str) -> None:
    """Tell a chat: Slack, Teams and Mattermost understand {"text": …}. What is data in it calls nobody there."""
    if url:
        _post("the webhook", url.get_secret_value(), json={"text": safe_for_chat(redact(text))})


def people(settings: Settings, text: str) -> None:
    """Tell everybody whom the settings name: the webhook's chat, and Apprise's addresses."""
    webhook(settings.webhook_url, text)
    for number, url in enumerate(settings.notify_urls.get_secret_value().split() if settings.notify_urls else [], 1):
        if fault := _fault(f"address {number} of NOTIFY_URLS", url, safe_for_chat(redact(text))):
            log.warning("%s", fault.message)


def sent(settings: Settings, file: Path, text: str) -> list[EtlError]:
    """Send a file to those whom the settings name for the dashboard; returns why who did not get it did not."""
    listed = settings.dashboard_mail_to.get_secret_value().split() if settings.dashboard_mail_to else []
    told = [_fault(f"Address {number} of DASHBOARD_MAIL_TO", url, text, file) for number, url in enumerate(listed, 1)]
    return [fault for fault in told if fault]


def _fault(what: str, url: str, text: str, file: Path | None = None) -> EtlError | None:
    """Tell an address of Apprise, which is imported here: it takes a third of a second, and few need it.

    Returns what went wrong, in a sentence that begins with `what`. Apprise itself tries again, for it alone knows which
    of several recipients have it already.
    """
    from apprise import Apprise, NotifyFormat

    service = _service(url)
    if service is None:
        return UsageError(f"{what} could not be notified: Apprise does not know such an address.", _CORRECT)
    if file and not service.attachment_support:
        return UsageError(f"{what} ({service.service_name}) takes no files.", _CORRECT)
    content: dict[str, Any] = {"body": text, "title": text.partition(":")[0], "body_format": NotifyFormat.TEXT}
    if file:
        content["attach"] = str(file)
    service.retry, service.wait = _retries(service), _SECONDS_BETWEEN
    everybody = Apprise([service])
    try:
        told = bool(within(_DEADLINE, lambda: everybody.notify(**content)))
    except (OSError, TypeError, ValueError):  # the first is also of what takes too long
        told = False
    failed = f"{what} ({service.service_name}) could not be notified."
    return None if told else DeliveryError(failed, "Try again later, or correct the address.", transient=True)


def _retries(service: Any) -> int:
    """Return how often a service is to try again: never, where a mail has copies.

    They are sent with it, and whether some of them were refused, or all, Apprise does not say.
    """
    has_copies = getattr(service, "cc", None) or getattr(service, "bcc", None)
    return 0 if has_copies else _TIMES - 1


def is_known(url: str) -> bool:
    """Whether Apprise knows such an address; nobody is told anything."""
    return _service(url) is not None


def _service(url: str) -> Any:
    import apprise

    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)  # its messages hold parts of addresses
    return apprise.Apprise.instantiate(url)


def _post(what: str, url: str, **content: object) -> None:
    try:
        failed = within(_DEADLINE, lambda: _failure(url, content))
    except TimeoutError:
        failed = "it took too long"
    if failed:
        log.warning("%s could not be notified: %s.", what, failed)


def _failure(url: str, content: dict[str, object]) -> str:
    """Post; gives what went wrong, without the text of the error, which would tell the address: that is a secret."""
    try:
        for attempt in attempts(lambda error: isinstance(error, requests.RequestException), _SECONDS, _TIMES):
            with attempt, requests.post(url, timeout=_TIMEOUT, stream=True, **content) as answer:  # type: ignore[arg-type]
                answer.raise_for_status()  # its status is all that is read of it
    except (requests.RequestException, ValueError) as error:
        told = getattr(error, "response", None)
        return type(error).__name__ if told is None else f"it answered {told.status_code}"
    return ""
