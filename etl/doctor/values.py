"""Values at the edge, that some night would reject or trip over: counted at the source, within seconds a query."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from etl.core.manifest import RawColumn
from etl.core.personal import without_values
from etl.doctor import asking
from etl.doctor.check import Finding, UnseenError, check, counted, ok, warning
from etl.doctor.source import SeenSource
from etl.download.edges import FINITE, MARK, NUL, SANE_DAY, where
from etl.download.source import Plan

_TOGETHER = 6
"""Times the longest that a question may take: for all queries of a source."""
_FIRST = 10_000
"""Rows that are looked at of a query that takes too long as a whole."""
_TOO_LARGE = "1" + "0" * 29
"""The first whole number that BigQuery's NUMERIC does not hold."""

_REJECTED = "such rows are rejected"
_UNEQUAL = "it is invisible, and a text with it equals none without"


@dataclass(frozen=True)
class Edge:
    """What may be in a column. sql: the condition of it; so: what it does to a night; cure: what to write.

    of_key: what to write instead where the column identifies a row.
    """

    what: str
    sql: str
    so: str
    cure: str
    of_key: str = ""


def _postgres(column: RawColumn, name: str) -> Iterator[Edge]:
    kind = column.source_type
    if kind == "date" or kind.startswith("timestamp"):
        yield from _days(name, f"isfinite({name})", SANE_DAY["postgresql"].format(name))
    if kind in ("numeric", "double precision", "real"):
        yield _special(name, "postgresql")
    if kind.startswith("numeric"):
        yield from _long_numbers(name, f"{FINITE['postgresql'].format(name)} AND ")
    if column.type == "string" and kind in ("text", "character varying", "character"):
        yield _mark(MARK["postgresql"].format(name), f"replace({name}, chr(65279), '')")


def _mysql(column: RawColumn, name: str) -> Iterator[Edge]:
    kind = column.source_type
    if kind in ("date", "datetime", "timestamp"):
        sane = SANE_DAY["mysql"]
        yield Edge("a date such as 0000-00-00", f"NOT ({sane})".format(name), _REJECTED, where(sane).format(name))
    if kind == "bigint unsigned" and column.type == "int64":
        large = f"{name} > 9223372036854775807"
        yield Edge(
            "more than 64 bits hold",
            large,
            _REJECTED,
            f"-- types: {column.name} numeric(20,0)",
            f"CAST({name} AS CHAR)",
        )
    if kind.startswith("decimal"):
        yield from _long_numbers(name, "")
    if column.type == "string" and kind in ("varchar", "char", "text"):
        yield Edge(
            "a NUL character", NUL["mysql"].format(name), _UNEQUAL, f"REPLACE({name}, CHAR(0 USING utf8mb4), '')"
        )
        bom = "CONVERT(0xEFBBBF USING utf8mb4)"
        yield _mark(MARK["mysql"].format(name), f"REPLACE({name}, {bom}, '')")


def _sqlite(column: RawColumn, name: str) -> Iterator[Edge]:
    if column.type == "int64":
        other = f"typeof({name}) NOT IN ('integer', 'null')"
        yield Edge(
            "a value that is no whole number", other, _REJECTED, f"CASE WHEN typeof({name}) = 'integer' THEN {name} END"
        )
    if column.type.startswith(("decimal", "double")):
        yield Edge(
            "a text",
            f"typeof({name}) IN ('text', 'blob')",
            _REJECTED,
            f"CASE WHEN typeof({name}) <> 'text' THEN {name} END",
        )
    if column.type == "string":
        yield Edge("a NUL character", NUL["sqlite"].format(name), _UNEQUAL, f"replace({name}, char(0), '')")
        yield _mark(MARK["sqlite"].format(name), f"replace({name}, char(65279), '')")


def _duckdb(column: RawColumn, name: str) -> Iterator[Edge]:
    if column.type.startswith(("date", "timestamp")):
        yield from _days(name, f"isfinite({name})", SANE_DAY["duckdb"].format(name))
    if column.type in ("float", "double"):
        yield _special(name, "duckdb")
    if column.type.startswith("decimal"):
        yield from _long_numbers(name, "")
    if column.type == "string" and column.source_type.lower() == "varchar":
        yield _mark(MARK["duckdb"].format(name), f"replace({name}, chr(65279), '')")


def _days(name: str, finite: str, sane: str) -> Iterator[Edge]:
    """Tell infinite days and those of years that nobody else has apart; one cure is for both."""
    cure = f"CASE WHEN {sane} THEN {name} END"
    yield Edge("infinity", f"NOT {finite}", _REJECTED, cure)
    yield Edge("a year outside 1 to 9999", f"{finite} AND NOT ({sane})", _REJECTED, cure)


def _special(name: str, kind: str) -> Edge:
    finite = FINITE[kind]
    return Edge("NaN or infinity", f"NOT ({finite})".format(name), _REJECTED, where(finite).format(name))


def _long_numbers(name: str, finite: str) -> Iterator[Edge]:
    large = f"{finite}ABS({name}) >= {_TOO_LARGE}"
    yield Edge(
        "more than 29 digits before the point", large, "BigQuery's NUMERIC does not hold it", f"CAST({name} AS text)"
    )
    fine = f"{finite}ABS({name}) < {_TOO_LARGE} AND {name} <> ROUND({name}, 9)"
    yield Edge("more than 9 digits after the point", fine, "BigQuery's NUMERIC does not hold it", f"ROUND({name}, 9)")


def _mark(condition: str, cure: str) -> Edge:
    return Edge("the character U+FEFF", condition, _UNEQUAL, cure)


_OF: dict[str, tuple[Callable[[RawColumn, str], Iterator[Edge]], str]] = {
    "postgresql": (_postgres, '"'),
    "mysql": (_mysql, "`"),
    "mariadb": (_mysql, "`"),
    "sqlite": (_sqlite, '"'),
    "duckdb": (_duckdb, '"'),
    "file": (_duckdb, '"'),  # which DuckDB reads
}
"""By what a URL calls a database: its edges, and how it quotes names."""


@check(finds="values that will be rejected: infinity, years beyond 9999, too many digits, NUL, U+FEFF")
def values(seen: SeenSource) -> Iterator[Finding]:
    """Count the rows that have one, of each query for some seconds, and say what was not looked at."""
    kind = seen.url.get_backend_name()
    if kind not in _OF:
        yield ok(f"The values were not looked at: `etl doctor` does not know those of {kind}.")
        return
    until, whole, part, unseen = time.monotonic() + _TOGETHER * asking.SECONDS, 0, list[str](), list[str]()
    for plan in seen.plans.values():
        edges = [(column, edge) for column in plan.columns for edge in _edges(column, kind)]
        try:
            counts, is_whole = _counted(seen, plan, [edge for _, edge in edges], until)
        except UnseenError as error:
            why = without_values(error.message) if plan.query.is_personal else error.message
            unseen.append(f"{plan.query.name} ({why.rstrip('.')})")
            continue
        whole += is_whole
        part += [] if is_whole else [plan.query.name]
        for (column, edge), count in zip(edges, counts, strict=True):
            cure = edge.of_key if edge.of_key and column.name in plan.query.key else edge.cure
            if count:
                of = "" if is_whole else f" of the first {_FIRST:,}"
                rows = f"{count:,} rows{of} have" if count > 1 else f"1 row{of} has"
                yield warning(
                    f"{plan.query.path}: {rows} {edge.what} in {column.name}: {edge.so}.",
                    f"Decide what it means; to write something else in the query: {cure} AS {column.name}"
                    if not cure.startswith("--")
                    else f"Write into the query's header: {cure}",
                )
    told = f"Values at the edge were looked for in {counted(whole, 'whole query', 'whole queries')}"
    told += f", in the first {_FIRST:,} rows of {', '.join(part)}" if part else ""
    yield ok(f"{told}; not looked at: {', '.join(unseen)}." if unseen else f"{told}.")


def _edges(column: RawColumn, kind: str) -> Iterator[Edge]:
    edges, quote = _OF[kind]
    return edges(column, f"{quote}{column.name.replace(quote, quote * 2)}{quote}")


def _counted(seen: SeenSource, plan: Plan, edges: list[Edge], until: float) -> tuple[list[int], bool]:
    """Count over the whole query, or else over its first rows. Raises UnseenError where that does not go, either."""
    if not edges:
        return [], True
    counts = ", ".join(f"COUNT(CASE WHEN {edge.sql} THEN 1 END)" for edge in edges)
    first = f"(SELECT * FROM {{query}} LIMIT {_FIRST}) first_rows"
    why = UnseenError("no time was left")
    for relation in ("{query}", first):
        if time.monotonic() + asking.SECONDS > until:
            break
        try:
            [row] = seen.asking.over(plan.query, f"SELECT {counts} FROM {relation}")
        except UnseenError as error:
            why = error
        else:
            return [int(count or 0) for count in row], relation != first
    raise why
