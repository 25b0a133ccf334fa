"""Values that will bite, by the type of their column: what to look for, and how the column is then written."""

import re
from dataclasses import dataclass

from etl.draft.types import Written


@dataclass(frozen=True)
class Edge:
    """Values that will bite. condition: of such a value, {0} is the column; told: what they are.

    instead: how the column is written where there are any; else they are only told of.
    """

    condition: str
    told: str
    instead: Written | None = None


_NUMBER_OF_SQLITE = "typeof({0}) NOT IN ('integer', 'real', 'null')"
_NO_TIME = "time({0}) IS NULL OR {0} NOT GLOB '[0-9][0-9]:[0-9][0-9]*' OR {0} GLOB '*[-+Zz]*'"
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
        (r"numeric\(.*", (Edge("{0} = 'NaN'", "NaN: NULL here", Written("NULLIF({0}, 'NaN')::{1}")),)),
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
            (
                Edge(
                    "datetime({0}) IS NULL OR {0} NOT GLOB '????-??-??*'", "no times: text here", Written(header="text")
                ),
            ),
        ),
        ("time", (Edge(_NO_TIME, "no times of day: text here", Written(header="text")),)),
        (
            "bool.*",
            (
                Edge(
                    "lower({0}) NOT IN ('0', '1', 't', 'f', 'true', 'false')",
                    "neither true nor false: text here",
                    Written(header="text"),
                ),
            ),
        ),
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


_BYTES = Edge(
    "typeof({0}) = 'blob'",
    "bytes: as hexadecimal digits here",
    Written("CASE typeof({0}) WHEN 'blob' THEN '\\x' || hex({0}) ELSE {0} END", header="text"),
)
"""What may be in any cell of SQLite."""


def edges(backend: str, source_type: str) -> tuple[Edge, ...]:
    """Return the values to look for in a column."""
    found = _edges(backend, source_type)
    return (*found, _BYTES) if backend == "sqlite" and "blob" not in source_type.lower() else found


def _edges(backend: str, source_type: str) -> tuple[Edge, ...]:
    lines = _EDGES.get(backend, ())
    if backend == "sqlite" and (match := re.search(r"\(\s*\d+\s*,\s*(\d+)\s*\)", source_type)):
        scale = match[1]
        rounded = Written(f"ROUND({{0}}, {scale})", header=source_type)
        return (
            *next((found for words, found in lines if re.fullmatch(words, source_type, re.IGNORECASE)), ()),
            Edge(f"typeof({{0}}) = 'real' AND ROUND({{0}}, {scale}) <> {{0}}", "with more decimals: rounded", rounded),
        )
    return next((found for words, found in lines if re.fullmatch(words, source_type, re.IGNORECASE)), ())
