"""The source of a new company, out of its URL: name, password, driver, and whether it can be reached."""

import re
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from urllib.parse import unquote

from config import Settings, urls
from config.paths import ROOT, url_seen_from
from etl.core.errors import EtlError, UsageError
from etl.download.stage import source_of

_DEFAULT = "shop"
_DRIVERS = {
    "mysql+pymysql": ("PyMySQL",),
    "mysql+mysqldb": ("mysqlclient",),
    "mysql+mysqlconnector": ("mysql-connector-python",),
    "duckdb": ("duckdb-engine", "pytz"),
    "file": ("duckdb-engine", "pytz", "python-calamine"),
    "mssql+mssqlpython": ("mssql-python",),
    "mssql+pyodbc": ("pyodbc",),
    "oracle+oracledb": ("oracledb",),
}
"""The packages that a kind of URL needs besides the engine's own."""
_BEST = {"mysql": "mysql+pymysql", "mariadb": "mariadb+pymysql"}
"""The driver to take where a URL names none, and SQLAlchemy would take one that has to be built."""


@dataclass(frozen=True)
class NewSource:
    """A source as the settings name it. url: without the password, if that could be told apart."""

    name: str = _DEFAULT
    url: str = ""
    password: str = ""

    @property
    def drivers(self) -> list[str]:
        """The lines of requirements.txt, with the versions that are tested with this engine."""
        parts = urls.Parts.of(self.url)
        kind = parts.scheme.replace("mariadb", "mysql") if parts else self.url.partition(":")[0]
        return [_pinned(package) for package in _DRIVERS.get(kind, ())]

    @property
    def lacking(self) -> list[str]:
        """Those of them that are not installed here."""
        return [line for line in self.drivers if not _is_installed(line.partition("==")[0])]


def new_source(url: str | None) -> NewSource:
    """Read the URL of a source. Raises UsageError, which repeats nothing of it, where it is none."""
    if not url:
        return NewSource()
    if fault := urls.database_fault(url):
        raise UsageError(f"What --from gives is no database's URL: {fault}.", "Write it in quotes, as shells need it.")
    parts = urls.Parts.of(url)
    if urls.is_folder(url):
        folder = url_seen_from(Path.cwd(), url)
        return NewSource(_name(folder.partition(":")[2].partition("?")[0]), folder)
    if parts is None:  # libpq's keywords
        named = re.search(r"\bdbname\s*=\s*'?([^'\s]+)", url)
        return NewSource(_name(named[1] if named else ""), url)
    user, _, password = parts.userinfo.partition(":")
    scheme = _BEST.get(parts.scheme, parts.scheme)
    plain = f"{scheme}://{user}{'@' if user else ''}{parts.hosts}{_absolute(parts.rest, scheme)}"
    return NewSource(_name(parts.rest.partition("?")[0]), plain, unquote(password))


def tried(settings: Settings, source: NewSource) -> str:
    """Return whether the source can be reached with the settings, as a sentence."""
    try:
        with source_of(settings, source.name, {}):
            return f"The source {source.name} can be reached."
    except EtlError as error:
        why = f"{error.message}\nTry: {error.hint}"
        return f"The source {source.name} cannot be read yet; the folder is made all the same.\n{why}"


def _is_installed(package: str) -> bool:
    try:
        distribution(package)
    except PackageNotFoundError:
        return False
    return True


def _absolute(rest: str, scheme: str) -> str:
    """Return what follows a URL's hosts; the path of a file as seen from where we are, and not from the new folder."""
    path, mark, options = rest.partition("?")
    if not scheme.startswith(("sqlite", "duckdb")) or len(path) < 2 or path[1] in "/:":
        return rest
    return f"/{Path(path[1:]).absolute()}{mark}{options}"


def _name(path: str) -> str:
    """Return a name for a source, after its database."""
    name = re.sub(r"\W+", "_", Path(unquote(path)).stem.lower(), flags=re.ASCII).strip("_")
    return name if name and not name.endswith(("_url", "_password")) else _DEFAULT


def _pinned(package: str) -> str:
    """Return a package with the version that is tested, as far as it is known."""
    tested = ROOT / "requirements-databases.txt"
    lines = tested.read_text(encoding="utf-8").splitlines() if tested.is_file() else []
    pins = [line.partition("#")[0].strip() for line in lines]
    return next((pin for pin in pins if pin.lower().startswith(f"{package.lower()}==")), package)
