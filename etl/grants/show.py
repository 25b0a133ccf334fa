"""What is printed: for each source and the warehouse, what its administrator runs, and what the settings then say."""

import secrets
from collections.abc import Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import config
from config import Settings
from etl.company.queries import Query, read_queries
from etl.core.errors import UsageError
from etl.core.names import guess
from etl.core.origin import described, read_url
from etl.download.stage import dialects_of
from etl.grants.reads import reads_of
from etl.grants.sources import Wanted, statements


def show(settings_file: Path, only: Sequence[str], role: str) -> None:
    """Print the statements of all sources and of the warehouse, or of those that are named."""
    settings = config.load(settings_file)
    queries = read_queries(settings.queries_dir, dialects_of(settings))
    room = f"etl.load.{settings.warehouse}.grants"  # of a warehouse that has accounts
    known = [*sorted(settings.sources), *([settings.warehouse] if find_spec(room) else [])]
    for name in only:
        if name not in known:
            raise UsageError(f"There is nothing called {name}.", guess(name, known, f"Choose: {', '.join(known)}."))
    for name in only or known:
        if name not in settings.sources:
            print(*import_module(room).commands(settings, role.replace("_", "-")), sep="\n", end="\n\n")
        else:
            print(*_of_source(settings, name, list(queries.values()), role), sep="\n", end="\n\n")


def _of_source(settings: Settings, name: str, queries: Sequence[Query], role: str) -> Iterator[str]:
    url = read_url(name, settings.sources[name].get_secret_value())
    kind = url.get_backend_name()
    is_file = kind in ("sqlite", "duckdb", "file")
    comment = "#" if is_file else "--"
    reads = reads_of(query for query in queries if query.source == name)
    wanted = Wanted(
        name, url, reads, role, f"Aa1-{secrets.token_urlsafe(18)}"
    )  # which servers' rules of passwords take
    yield f"{comment} Source {name}: {described(url)}"
    yield from statements(kind, wanted)
    if not is_file:
        setting = f"SOURCE_{name.upper()}"
        yield f"{comment} Then, in the settings file: the user {role} in {setting}_URL without a password, and"
        yield f"{comment} {setting}_PASSWORD={wanted.password}"
