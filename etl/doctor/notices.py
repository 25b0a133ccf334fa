"""Where notices go: the names are looked up, and nothing is sent."""

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

from pydantic import SecretStr

from etl.doctor.check import Finding, check, counted, ok, warning
from etl.doctor.company import Company
from etl.notices import is_known


@check(finds="nobody who hears of a night that did not run")
def heartbeat(seen: Company) -> Iterator[Finding]:
    """Look the monitor's name up."""
    url = seen.settings.heartbeat_url
    if url:
        yield _looked_up("HEARTBEAT_URL", url)
    else:
        yield warning(
            "Nobody hears of it when this machine is off: HEARTBEAT_URL is not set.",
            "Make a check at healthchecks.io or the like, and put its address into HEARTBEAT_URL.",
        )


@check(finds="a chat that cannot be told")
def webhook(seen: Company) -> Iterator[Finding]:
    """Look the chat's name up."""
    if url := seen.settings.webhook_url:
        yield _looked_up("WEBHOOK_URL", url)


@check(finds="addresses of Apprise that cannot be told")
def apprise(seen: Company) -> Iterator[Finding]:
    """Let Apprise read each address; what it names is not looked up, for each kind names its server in its own way."""
    listed = seen.settings.notify_urls
    addresses = listed.get_secret_value().split() if listed else []
    for number, url in enumerate(addresses, 1):
        if not is_known(url):
            yield warning(
                f"NOTIFY_URLS: Apprise does not know address {number}, so that nobody is told there.",
                "Write it as https://github.com/caronc/apprise/wiki shows it.",
            )
    if addresses:
        yield ok(f"NOTIFY_URLS: {counted(len(addresses), 'address', 'addresses')}; nothing was sent.")


def _looked_up(setting: str, url: SecretStr) -> Finding:
    parts = urlsplit(url.get_secret_value())
    host = parts.hostname or ""
    try:
        socket.getaddrinfo(host, parts.port or (443 if parts.scheme == "https" else 80), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return warning(
            f"{setting}: this machine cannot look up {host}, so that nobody is told.",
            f"Correct the address in {setting}, or the machine's DNS.",
        )
    return ok(f"{setting}: {host} can be looked up; nothing was sent.")
