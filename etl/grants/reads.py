"""Which tables a query reads, by its text alone: a role is made before anybody can ask with it."""

from collections.abc import Iterable
from dataclasses import dataclass

from etl.company.queries import Query


@dataclass(frozen=True, order=True)
class Table:
    """A table or view that a query names, as the database has it: in the letters to which it folds unquoted names.

    schema: "" where the query leaves it to the session.
    """

    schema: str
    name: str


@dataclass(frozen=True)
class Reads:
    """What some queries read. unread: the queries whose tables could not be told."""

    tables: tuple[Table, ...]
    unread: tuple[str, ...]


def reads_of(queries: Iterable[Query]) -> Reads:
    """Return the tables that queries name, besides what they define themselves (WITH)."""
    from sqlglot import exp, parse_one
    from sqlglot.errors import SqlglotError
    from sqlglot.optimizer.normalize_identifiers import normalize_identifiers

    found, unread = set[Table](), []
    for query in queries:
        try:
            dialect = query.dialect or None
            tree = parse_one(query.sql, read=dialect)
            tree = tree if dialect == "tsql" else normalize_identifiers(tree, dialect=dialect)  # by its collation
        except SqlglotError:
            unread.append(query.name)
            continue
        own = {each.alias_or_name for each in tree.find_all(exp.CTE)}
        found |= {Table(t.db, t.name) for t in tree.find_all(exp.Table) if t.name and (t.db or t.name not in own)}
    return Reads(tuple(sorted(found)), tuple(unread))
