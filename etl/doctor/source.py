"""A source, whatever it is: reached, its clock, each query planned as the night plans it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from ipaddress import ip_address

from sqlalchemy.engine import URL

from etl.company.queries import Query
from etl.core.clock import night_binds
from etl.core.errors import EtlError
from etl.core.origin import described, read_url
from etl.doctor.asking import Asking, asking
from etl.doctor.check import Finding, check, counted, failure, ok, warning
from etl.doctor.company import Company
from etl.download.source import Limits, Plan, Source, told_without_values
from etl.download.stage import limits_of, source_of

_SKEW = 60
"""Seconds by which clocks may differ before a person should know."""


class SeenSource:
    """An open source. figures: by query, the bytes that it will give, as far as the source can guess them."""

    def __init__(self, name: str, company: Company, source: Source, asked: Asking, binds: dict[str, str]) -> None:
        self.name, self.company, self.source, self.asking, self.binds = name, company, source, asked, binds
        self.opened = datetime.now(UTC)
        self.plans: dict[str, Plan] = {}
        self.figures: dict[str, int | None] = {}

    @property
    def url(self) -> URL:
        """Its address, password and all."""
        return url_of(self.company, self.name)

    @property
    def limits(self) -> Limits:
        """What its owner lets us ask of it."""
        return limits_of(self.company.settings)

    @property
    def queries(self) -> list[Query]:
        """The queries that read it."""
        return [query for query in self.company.queries.values() if query.source == self.name]

    @property
    def setting(self) -> str:
        """The setting that names it."""
        return f"SOURCE_{self.name.upper()}_URL"


def url_of(company: Company, name: str) -> URL:
    """Return the address of a source."""
    return read_url(name, company.settings.sources[name].get_secret_value())


@contextmanager
def opened(company: Company, name: str) -> Iterator[SeenSource]:
    """Open a source as the night does. Raises SourceError where it cannot be reached."""
    settings, binds, url = company.settings, dict[str, str](), url_of(company, name)
    with ExitStack() as stack:
        source = stack.enter_context(source_of(settings, name, binds))
        binds |= night_binds(source.as_of, settings.business_time_zone, settings.window_years)
        asked = stack.enter_context(asking(name, url, limits_of(settings), binds))
        yield SeenSource(name, company, source, asked, binds)


def is_near(url: URL) -> bool:
    """Whether nothing goes over a network: a file, a socket, this machine itself."""
    hosts = str(url.host or url.query.get("host") or "").split(",")
    return all(not host or host.startswith(("/", "@")) or _is_loopback(host) for host in hosts)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def told_of_tls(seen: SeenSource, protocol: str, *, verified: bool, option: str) -> Finding:
    """Say whether what comes over the network is encrypted. option: of the URL, with which a certificate is checked."""
    if protocol and verified:
        return ok(f"The connection is encrypted ({protocol}), and the server's certificate is checked.")
    if is_near(seen.url):
        return ok("The source is on this machine: nothing goes over a network.")
    if protocol:
        return warning(
            f"The connection is encrypted ({protocol}), but the server's certificate is not checked, so that another"
            " machine could pose as it.",
            f"Add {option} to {seen.setting}.",
        )
    return warning(
        "The connection is not encrypted: the password and all rows can be read on the way.",
        f"Turn TLS on at the server, and add {option} to {seen.setting}.",
    )


@check(finds="a source that cannot be reached")
def reached(seen: SeenSource) -> Iterator[Finding]:
    """It was: say where."""
    yield ok(f"{described(seen.url)} can be reached.")


@check(finds="clocks that differ")
def clock(seen: SeenSource) -> Iterator[Finding]:
    """Compare the source's clock, which is the night's, with this machine's."""
    apart = (seen.source.as_of - seen.opened).total_seconds()
    if abs(apart) > _SKEW:
        ahead = "ahead of" if apart > 0 else "behind"
        yield warning(
            f"The source's clock is {abs(apart):,.0f} s {ahead} this machine's: rows seem newer or older than they"
            " are.",
            "Set both clocks by NTP: timedatectl set-ntp true.",
        )
    else:
        yield ok("The source's clock and this machine's agree.")


@check(finds="queries that the source refuses: names, grants, row security, types")
def planned(seen: SeenSource) -> Iterator[Finding]:
    """Plan each query as the night does, without running it, and tell every fault."""
    faults = 0
    for query in seen.queries:
        try:
            with told_without_values(query):
                plan = seen.plans[query.name] = seen.source.plan(query)
            if plan.bytes is not None:
                seen.figures[query.name] = plan.bytes
        except EtlError as fault:
            faults += 1
            yield failure(fault.message, fault.hint)
            if fault.transient:  # the connection is gone
                break
    if not seen.queries:
        yield warning(f"No query reads {seen.name}.", f"Write one, or remove {seen.setting}.")
    elif not faults:
        rows = sum(plan.rows or 0 for plan in seen.plans.values())
        told = f", about {rows:,} rows by its statistics" if rows else ""
        yield ok(f"{counted(len(seen.plans), 'query', 'queries')} may be read{told}.")
