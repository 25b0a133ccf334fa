"""Just enough of SQL's syntax to tell code from literals and comments: where a query ends, which :names are binds.

Each database quotes in its own way (MySQL's backslashes and #, SQL Server's brackets, PostgreSQL's dollars and nested
comments): sqlglot knows how. Of a text that it cannot read, such as half a literal, nothing is taken for a bind or an
end: the database is to say what is wrong with it.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

POSTGRES = "postgres"
_NAMES = {"postgresql": POSTGRES, "mariadb": "mysql", "mssql": "tsql", "file": "duckdb"}
"""What sqlglot calls a database, where SQLAlchemy's URLs call it otherwise."""

_BIND = re.compile(r":([^\W\d]\w*)")

_CLOCKS = {"current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"} | {
    *("utc_date", "utc_time", "utc_timestamp")
}
_DAYS = {"'now'", "'today'", "'tomorrow'", "'yesterday'"}
"""Texts that become times when a query is run."""
_MOVING = {"now", "clock_timestamp", "statement_timestamp", "transaction_timestamp", "timeofday", "sysdate"} | {
    *("curdate", "curtime", "random", "rand", "nextval"),
    *("gen_random_uuid", "uuid_generate_v4", "uuidv4", "uuidv7", "uuid", "uuid_short"),
}
_MOVING_ALONE = {"unix_timestamp"}
"""Without an argument, of the clock."""

_Token = tuple[int, int, bool]
"""A token's first and last character, and whether it is a semicolon."""


def dialect_of(backend: str) -> str:
    """Return sqlglot's name of the dialect of a database, as its URL calls it; "" (what most speak) if it knows none.

    >>> dialect_of("mariadb")
    'mysql'
    """
    from sqlglot.dialects.dialect import Dialect  # a seventh of a second, which --help does not have

    name = _NAMES.get(backend, backend)
    return name if Dialect.get(name) else ""


def one_statement(text: str, dialect: str = POSTGRES) -> str:
    """Cut off the closing semicolon and what follows. Raises ValueError, its argument the line, if that is code."""
    tokens = _tokens(text, dialect) or ()
    end = next((start for start, _, ends in tokens if ends), None)
    if end is None:
        return text
    if any(start > end for start, _, ends in tokens if not ends):
        raise ValueError(text.count("\n", 0, end) + 1)
    return text[:end]


def has_code(text: str, dialect: str = POSTGRES) -> bool:
    """Whether there is more than comments and semicolons."""
    tokens = _tokens(text, dialect)
    return tokens is None or any(not ends for _, _, ends in tokens)


def names_in(text: str, dialect: str = POSTGRES) -> set[str]:
    """Return all that may be a name of a table, in small letters: the tokens, without their quotes."""
    return {text[start : end + 1].strip('`"[]').lower() for start, end, _ in _tokens(text, dialect) or ()}


def quoted_in(text: str, dialect: str = POSTGRES) -> list[tuple[str, bool]]:
    """Return what stands in quotes, without them, and whether FROM or JOIN comes before."""
    from sqlglot.dialects.dialect import Dialect

    found = Dialect.get_or_raise(dialect).tokenize(text)
    before = ["", *(token.text.upper() for token in found)]
    quotes = ("'", '"')
    return [
        (token.text, previous in ("FROM", "JOIN"))
        for token, previous in zip(found, before, strict=False)
        if text[token.start] in quotes
    ]


def binds_of(text: str, dialect: str = POSTGRES) -> set[str]:
    """Name the binds: every :name that is in no literal and no comment, and no part of a ::cast."""
    return {match[1] for match in _binds(text, dialect)}


def with_binds(text: str, put: Callable[[str], str], keep: Callable[[str], str] = str, dialect: str = POSTGRES) -> str:
    """Replace each bind by what `put` gives for its name, and what lies between them by what `keep` gives for it."""
    parts, begin = [], 0
    for match in _binds(text, dialect):
        parts += [keep(text[begin : match.start()]), put(match[1])]
        begin = match.end()
    return "".join([*parts, keep(text[begin:])])


@lru_cache
def table_of_rows(text: str, dialect: str = POSTGRES) -> str | None:
    """Return the table, as it is named, of whose rows each row of a query is one and hangs on no other; else None.

    >>> table_of_rows("SELECT a, upper(b) AS b FROM s.t WHERE c > 0 ORDER BY a")
    's.t'
    >>> table_of_rows("SELECT a, sum(b) FROM t GROUP BY a")
    """
    from sqlglot import exp, parse_one
    from sqlglot.errors import SqlglotError

    try:
        found = parse_one(with_binds(text, lambda _: "NULL", dialect=dialect), dialect=dialect)
    except SqlglotError:
        return None
    others = (exp.Join, exp.Group, exp.AggFunc, exp.Window, exp.Distinct, exp.SetOperation)
    some = (exp.Limit, exp.Offset, exp.Fetch, exp.TableSample, exp.Rand)
    several = (exp.Unnest, exp.Lateral, exp.Explode, exp.GenerateSeries)
    unknown = (exp.Anonymous, exp.AnonymousAggFunc)  # it may be any of these
    tables = list(found.find_all(exp.Table))
    if not isinstance(found, exp.Select) or len(list(found.find_all(exp.Select))) > 1 or len(tables) != 1:
        return None
    if any(found.find(kind) for kind in (*others, *some, *several, *unknown)) or not isinstance(
        tables[0].this, exp.Identifier
    ):
        return None
    table = exp.Table(**{part: tables[0].args.get(part) for part in ("this", "db", "catalog")})
    return str(table.sql(dialect=dialect))


def moves_by_itself(text: str, dialect: str = POSTGRES) -> str | None:
    """Return the word by which a query's rows change though nobody writes any: the clock, or chance; else None.

    >>> moves_by_itself("SELECT a FROM t WHERE due < now()")
    'now'
    >>> moves_by_itself("SELECT a, 'uuid (or none)' AS uuid FROM t")
    """
    spans = _tokens(text, dialect) or ()
    words = [text[start : end + 1].lower() for start, end, _ in spans]
    for before, word, after, second in zip(["", *words], words, [*words[1:], ""], [*words[2:], "", ""], strict=False):
        is_called = after == "(" and (word in _MOVING or (word in _MOVING_ALONE and second == ")"))
        if is_called or (word in _CLOCKS and before != ".") or word in _DAYS:
            return word
    return None


def _binds(text: str, dialect: str) -> Iterator[re.Match[str]]:
    """Find the colons that a name follows at once and no word comes before, as in the slice `list[low:high]`."""
    for start, end, _ in _tokens(text, dialect) or ():
        alone = start == end and text[start] == ":" and not re.match(r"[:\w]", text[start - 1 : start])
        if alone and (match := _BIND.match(text, start)):
            yield match


@lru_cache(maxsize=16)
def _tokens(text: str, dialect: str) -> tuple[_Token, ...] | None:
    """Split a text; None where it cannot be."""
    from sqlglot.dialects.dialect import Dialect
    from sqlglot.errors import SqlglotError

    try:
        found = Dialect.get_or_raise(dialect).tokenize(text)
    except SqlglotError:
        return None
    return tuple((token.start, token.end, token.text == ";" and token.start == token.end) for token in found)
