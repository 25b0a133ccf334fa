"""What data belongs to: the sources and the warehouse that the settings name. Each manifest says so."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl

from config import Settings
from config.urls import Parts, is_folder, is_keywords
from etl.core.errors import UsageError
from etl.core.warehouse import about

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

DATA_FOLDER = "data folder"
"""What an origin calls the data folder's id."""

_POSTGRES = re.compile(r"postgres(?:ql)?(?:\+\w+)?://", re.IGNORECASE)
_HOST = re.compile(r"[\w.-]*|/.*|@\w+|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(?:%\w+)?")
"""A name, a folder of sockets, an abstract socket, an address of IPv6."""
_HOSTS = re.compile(r"[\w.:%,/\[\]@-]*")
_EXAMPLES = "postgresql://user:password@host:5432/database, or for several hosts …@h1:5432,h2:5432/database"


class Read(NamedTuple):
    """What is read of a URL, as SQLAlchemy names it: where that takes 0.3 s to be there, and is not needed besides."""

    drivername: str
    database: str | None
    username: str | None = None
    password: str | None = None
    host: str | None = None
    port: int | None = None
    query: Mapping[str, Any] = {}

    def get_backend_name(self) -> str:
        """Name the kind of database."""
        return self.drivername.partition("+")[0]


def origin_of(settings: Settings) -> dict[str, str]:
    """Name the sources and the warehouse of the settings, without users and passwords."""
    urls = sorted((name, url.get_secret_value()) for name, url in settings.sources.items())
    return {f"source {name}": described(read(name, url)) for name, url in urls} | {"warehouse": about(settings).address}


def owner_of(settings: Settings, data_folder: str) -> dict[str, str]:
    """Name to whom what these settings publish belongs: the sources, and the data folder's id."""
    return _sources(origin_of(settings)) | {DATA_FOLDER: data_folder}


def foreign(theirs: Mapping[str, str], ours: Mapping[str, str]) -> bool:
    """Whether what belongs to one origin is another's: no source in common, or any part that both name differs."""
    a, b = _sources(theirs), _sources(ours)
    apart = bool(a) and bool(b) and not set(a) & set(b)
    return apart or any(ours.get(name, told) != told for name, told in theirs.items()) or set(theirs) == {"run"}


def _sources(origin: Mapping[str, str]) -> dict[str, str]:
    return {name: told for name, told in origin.items() if name.startswith("source ")}


def read_url(name: str, text: str) -> URL:
    """Read a source's URL. Raises UsageError without repeating it, for it holds a password."""
    from sqlalchemy.engine import URL

    url = read(name, text)
    return URL.create(**url._asdict()) if isinstance(url, Read) else url


def read(name: str, text: str) -> URL | Read:
    """Read a source's URL, as `read_url` does, without SQLAlchemy where that can be."""
    try:
        if _POSTGRES.match(text) or is_keywords(text):
            return _read_postgres(name, text)
        if is_folder(text):
            path, _, options = text[len("file:") :].partition("?")
            return Read("file", path, query=dict(parse_qsl(options)))
        return _made(text)
    except ValueError:
        raise UsageError(
            f"SOURCE_{name.upper()}_URL is not a database URL.",
            "Write e.g. postgresql://user:password@host:5432/database",
        ) from None


def _made(text: str) -> URL:
    """Read a URL as SQLAlchemy does. Raises ValueError."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(text)
    except ArgumentError:
        raise ValueError from None


def _read_postgres(name: str, text: str) -> Read:
    """Read whatever libpq takes, by its own parser: several hosts, sockets, services, options, and keywords."""
    from psycopg2 import ProgrammingError
    from psycopg2.extensions import parse_dsn

    text = _POSTGRES.sub("postgresql://", text)
    try:
        given = parse_dsn(text)
    except ProgrammingError as error:
        unknown = re.search(r'invalid (?:URI query parameter|connection option) ?:? "(\w+)"', str(error))
        what = f"names {unknown[1]}, which is not a parameter of PostgreSQL's." if unknown else "is not a database URL."
        raise UsageError(f"SOURCE_{name.upper()}_URL {what}", f"Write e.g. {_EXAMPLES}") from None
    hosts, ports = given.get("host", ""), given.get("port", "")
    if not all(_HOST.fullmatch(host) for host in hosts.split(",")) or not re.fullmatch(r"[\d,]*", ports):
        raise UsageError(
            f"SOURCE_{name.upper()}_URL names a host or port that cannot be read.", f"Write e.g. {_EXAMPLES}"
        )
    parts = Parts.of(text)
    is_one = parts is not None and parts.hosts and not hosts.startswith("/") and "," not in hosts + ports
    known = ("user", "password", "dbname", *(("host", "port") if is_one else ()))
    return Read(
        "postgresql",
        given.get("dbname"),
        given.get("user"),
        given.get("password"),
        hosts if is_one else None,
        int(ports) if is_one and ports else None,
        {key: value for key, value in given.items() if key not in known},
    )


def libpq_options(url: URL | Read) -> dict[str, str]:
    """Return what was read of PostgreSQL's URL as libpq's own parameters, which need no encoding."""
    named = {"host": url.host, "dbname": url.database, "user": url.username, "password": url.password, "port": url.port}
    given = {key: value for key, value in named.items() if value}
    return {key: str(value) for key, value in {**given, **url.query}.items()}


def described(url: URL | Read) -> str:
    """Name a database for people and manifests: no user, no password."""
    if url.drivername == "file":
        return f"file:{url.database}"
    backend = url.get_backend_name()
    if "service" in url.query and not url.host:
        return f"{backend}://service {url.query['service']}/{url.database or ''}"
    host, port = url.host or str(url.query.get("host") or ""), f":{url.port}" if url.port else ""
    if "," in host:
        ports = str(url.query.get("port") or "").split(",")
        pairs = zip(host.split(","), ports * (host.count(",") + 1) if len(ports) == 1 else ports, strict=False)
        host = ",".join(f"{each}:{number}" if number else each for each, number in pairs)
    return f"{backend}://{host if _HOSTS.fullmatch(host) else ''}{port}/{url.database or ''}"
