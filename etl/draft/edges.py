"""Values that will bite, by the type of their column: what to look for, and how the column is then written."""

import re
from dataclasses import dataclass

from etl.download.edges import FINITE, MARK, NUL, SANE_DAY, where
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
                    f"NOT ({SANE_DAY['postgresql']})",
                    _BEYOND,
                    Written(where(SANE_DAY["postgresql"])),
                ),
            ),
        ),
        (
            "real|double precision",
            (
                Edge(
                    f"NOT ({FINITE['postgresql']})",
                    f"{_SPECIAL}: NULL here",
                    Written(where(FINITE["postgresql"])),
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
            (Edge("length({0}) > 32766", _LONG), Edge(MARK["postgresql"], _BOM)),
        ),
    ),
    "mysql": (
        (
            "date.*|timestamp",
            (
                Edge(
                    f"NOT ({SANE_DAY['mysql']})",
                    "zero dates such as 0000-00-00: NULL here",
                    Written(where(SANE_DAY["mysql"])),
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
                Edge(NUL["mysql"], "with NUL characters"),
                Edge(MARK["mysql"], _BOM),
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
                Edge(NUL["sqlite"], "with NUL characters"),
                Edge(MARK["sqlite"], _BOM),
            ),
        ),
    ),
    "duckdb": (
        (
            "date|timestamp.*",
            (
                Edge(
                    f"NOT ({SANE_DAY['duckdb']})",
                    _BEYOND,
                    Written(where(SANE_DAY["duckdb"])),
                ),
            ),
        ),
        (
            "float|double",
            (Edge(f"NOT {FINITE['duckdb']}", f"{_SPECIAL}: NULL here", Written(where(FINITE["duckdb"]))),),
        ),
        ("varchar", (Edge("length({0}) > 32766", _LONG), Edge(MARK["duckdb"], _BOM))),
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
