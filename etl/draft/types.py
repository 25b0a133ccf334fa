"""How a column is written in a drafted query, by its type in the source, and what its values might not survive.

What type a column then has is not said here: the engine is asked, as it asks the source in a night.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Written:
    """How a column is to be written. sql: {0} is the column; header: its word in `-- types:`; why: for a comment."""

    sql: str = "{0}"
    header: str = ""
    why: str = ""


@dataclass(frozen=True)
class Edge:
    """Values that will bite. condition: of such a value, {0} is the column; told: what they are.

    instead: how the column is written where there are any; else they are only told of.
    """

    condition: str
    told: str
    instead: Written | None = None


_PLAIN = Written()
_NEGATIVE = 1024
"""From here on, older servers of PostgreSQL mean a scale below 0."""
_SECONDS = "an interval, in seconds"

_MUST: dict[str, tuple[tuple[str, Written], ...]] = {
    "mysql": (
        (
            r"geometry|point|linestring|polygon|multi\w+",
            Written("ST_AsText({0})", why="a geometry has no text of its own"),
        ),
    ),
    "duckdb": (
        (r".*\[\d*\]|STRUCT.*|MAP.*|UNION.*|.*\(.*\)\[.*", Written("CAST({0} AS VARCHAR)", why="written as text")),
        (r"INTERVAL|NULL|VARIANT|GEOMETRY", Written("CAST({0} AS VARCHAR)", why="written as text")),
    ),
}
"""By the catalogue's type, what the engine would refuse as it is."""

_BETTER: dict[str, tuple[tuple[str, Written], ...]] = {
    "postgresql": (
        ("money", Written("{0}::numeric(18, 2)", why="money is written with a currency's sign")),
        ("interval.*", Written("extract(epoch FROM {0})::numeric(20, 6)", why=_SECONDS)),
        ("bytea", Written("encode({0}, 'hex')", why="bytes, as hexadecimal digits")),
        (r"character\(\d+\)|character|bpchar", Written("{0}::text", why="without the blanks that fill it up")),
        (
            r"timestamp(\(\d\))? without time zone",
            Written("{0} AT TIME ZONE 'UTC'", why="no zone in the source: taken for UTC; else name the zone here"),
        ),
        ("numeric", Written()),
    ),
    "mysql": ((r"datetime.*", Written(header="timestamptz", why="no zone in the source: taken for UTC")),),
    "sqlite": ((r"datetime.*|timestamp.*", Written(header="timestamptz", why="no zone in the source: taken for UTC")),),
    "duckdb": ((r"timestamp(_s|_ms|_ns)?", Written(header="timestamptz", why="no zone in the source: taken for UTC")),),
}
"""By the type that the source tells of a query's column, how it arrives better."""


def must(backend: str, catalogue_type: str) -> Written:
    """Return how a column is written so that its query can be asked at all."""
    return _of(_MUST, backend, catalogue_type)


def better(backend: str, source_type: str) -> Written:
    """Return how a column is written so that analysts can use it."""
    if backend == "postgresql" and (cast := _digits(source_type)):
        return cast
    return _of(_BETTER, backend, source_type)


def _of(known: dict[str, tuple[tuple[str, Written], ...]], backend: str, kind: str) -> Written:
    lines = known.get(backend, ())
    return next((to for words, to in lines if re.fullmatch(words, kind.strip(), re.IGNORECASE)), _PLAIN)


def _digits(source_type: str) -> Written | None:
    """Return the cast for decimals of more digits than any warehouse holds, or of a strange scale."""
    match = re.fullmatch(r"numeric\((\d+),(-?\d+)\)", source_type.replace(" ", ""))
    if not match:
        return None
    precision, scale = int(match[1]), int(match[2])
    if precision <= 38 and 0 <= scale <= precision:
        return None
    kept = min(max(scale, 0), 9) if scale < _NEGATIVE else 0
    why = f"{source_type} is more than a warehouse holds: {kept} decimals, and NULL from 10^{38 - kept} on"
    return Written(f"CASE WHEN abs({{0}}) < 1e{38 - kept} THEN {{0}}::numeric(38, {kept}) END", why=why)


_NUMBER_OF_SQLITE = "typeof({0}) NOT IN ('integer', 'real', 'null')"
_LONG = "longer than 32,766 characters, where Power BI cuts them"
_BOM = "with U+FEFF (a byte order mark) in them, invisible and never equal to the same text without"
_SPECIAL = "NaN or infinite"
_BEYOND = "infinite, or of years that nobody else has: NULL here"

_EDGES: dict[str, tuple[tuple[str, tuple[Edge, ...]], ...]] = {
    "postgresql": (
        (
            "date|timestamp.*",
            (
                Edge(
                    "NOT ({0} BETWEEN '0001-01-01' AND '9999-12-31')",
                    _BEYOND,
                    Written("CASE WHEN {0} BETWEEN '0001-01-01' AND '9999-12-31' THEN {0} END"),
                ),
            ),
        ),
        (
            "real|double precision",
            (
                Edge(
                    "{0} IN ('NaN', 'Infinity', '-Infinity')",
                    f"{_SPECIAL}: NULL here",
                    Written("CASE WHEN {0} NOT IN ('NaN', 'Infinity', '-Infinity') THEN {0} END"),
                ),
            ),
        ),
        (
            "numeric",
            (
                Edge("scale({0}) > 9", "with more than 9 decimals: rounded here", Written("round({0}, 9)")),
                Edge(
                    "NOT (abs({0}) < 1e29)",
                    "NaN, or beyond BigQuery's NUMERIC: NULL here",
                    Written("CASE WHEN abs({0}) < 1e29 THEN round({0}, 9) END"),
                ),
            ),
        ),
        (r"numeric\(.*", (Edge("{0} = 'NaN'", "NaN: NULL here", Written("NULLIF({0}, 'NaN')")),)),
        (
            "time.*",
            (Edge("{0} = '24:00'", "24:00, which is no time of day: NULL here", Written("NULLIF({0}, '24:00')")),),
        ),
        (
            "text|character.*",
            (Edge("length({0}) > 32766", _LONG), Edge("strpos({0}, U&'\\FEFF') > 0", _BOM)),
        ),
    ),
    "mysql": (
        (
            "date.*|timestamp",
            (
                Edge(
                    "MONTH({0}) = 0 OR DAY({0}) = 0 OR YEAR({0}) = 0",
                    "zero dates such as 0000-00-00: NULL here",
                    Written("CASE WHEN YEAR({0}) > 0 AND MONTH({0}) > 0 AND DAY({0}) > 0 THEN {0} END"),
                ),
            ),
        ),
        (
            "time",
            (
                Edge(
                    "{0} < 0 OR {0} >= '24:00:00'",
                    "no times of day: in seconds here",
                    Written("TIME_TO_SEC({0})"),
                ),
            ),
        ),
        (
            "bigint unsigned",
            (Edge("{0} > 9223372036854775807", "beyond 64 bits", Written(header="numeric(20,0)")),),
        ),
        (
            ".*char|.*text",
            (
                Edge("CHAR_LENGTH({0}) > 32766", _LONG),
                Edge("INSTR({0}, CHAR(0)) > 0", "with NUL characters"),
                Edge("INSTR({0}, CONVERT(0xEFBBBF USING utf8mb4)) > 0", _BOM),
            ),
        ),
    ),
    "sqlite": (
        (
            ".*int.*",
            (Edge("typeof({0}) NOT IN ('integer', 'null')", "no whole numbers: text here", Written(header="text")),),
        ),
        (".*(real|floa|doub).*", (Edge(_NUMBER_OF_SQLITE, "no numbers: text here", Written(header="text")),)),
        (
            "date",
            (
                Edge(
                    "date({0}) IS NULL OR {0} NOT GLOB '????-??-??'",
                    "no dates: text here",
                    Written(header="text"),
                ),
            ),
        ),
        (
            "datetime.*|timestamp.*",
            (Edge("datetime({0}) IS NULL OR typeof({0}) <> 'text'", "no times: text here", Written(header="text")),),
        ),
        ("time", (Edge("time({0}) IS NULL", "no times of day"),)),
        (
            r"(numeric|decimal|number).*",
            (Edge(_NUMBER_OF_SQLITE, "no numbers: text here", Written(header="text")),),
        ),
        (
            ".*(char|clob|text).*",
            (
                Edge("length({0}) > 32766", _LONG),
                Edge("instr({0}, char(0)) > 0", "with NUL characters"),
                Edge("instr({0}, char(65279)) > 0", _BOM),
            ),
        ),
    ),
    "duckdb": (
        (
            "date|timestamp.*",
            (
                Edge(
                    "NOT ({0} BETWEEN '0001-01-01' AND '9999-12-31')",
                    _BEYOND,
                    Written("CASE WHEN {0} BETWEEN '0001-01-01' AND '9999-12-31' THEN {0} END"),
                ),
            ),
        ),
        (
            "float|double",
            (Edge("NOT isfinite({0})", f"{_SPECIAL}: NULL here", Written("CASE WHEN isfinite({0}) THEN {0} END")),),
        ),
        ("varchar", (Edge("length({0}) > 32766", _LONG), Edge("contains({0}, chr(65279))", _BOM))),
    ),
}
"""By the type that the source tells, what values to look for."""


def edges(backend: str, source_type: str) -> tuple[Edge, ...]:
    """Return the values to look for in a column."""
    lines = _EDGES.get(backend, ())
    if backend == "sqlite" and (match := re.search(r"\(\s*\d+\s*,\s*(\d+)\s*\)", source_type)):
        scale = match[1]
        rounded = Written(f"ROUND({{0}}, {scale})", header=source_type)
        return (
            *next((found for words, found in lines if re.fullmatch(words, source_type, re.IGNORECASE)), ()),
            Edge(f"typeof({{0}}) = 'real' AND ROUND({{0}}, {scale}) <> {{0}}", "with more decimals: rounded", rounded),
        )
    return next((found for words, found in lines if re.fullmatch(words, source_type, re.IGNORECASE)), ())
