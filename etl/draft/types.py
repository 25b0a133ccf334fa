"""How a column is written in a drafted query, by its type in the source.

What type a column then has is not said here: the engine is asked, as it asks the source in a night.
"""

import re
from dataclasses import dataclass

from etl.contract.types import MOST_SCALE, MOST_WHOLE


@dataclass(frozen=True)
class Written:
    """How a column is to be written. sql: {0} is the column, {1} its type; header: its word in `-- types:`.

    why: for a comment.
    """

    sql: str = "{0}"
    header: str = ""
    why: str = ""


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
    return _digits(backend, source_type) or _of(_BETTER, backend, source_type)


def _of(known: dict[str, tuple[tuple[str, Written], ...]], backend: str, kind: str) -> Written:
    lines = known.get(backend, ())
    return next((to for words, to in lines if re.fullmatch(words, kind.strip(), re.IGNORECASE)), _PLAIN)


_NARROWED = {
    "postgresql": "(CASE WHEN abs({{0}}) < 1e{whole} THEN {{0}} END)::numeric({digits}, {scale})",
    "mysql": "CAST(CASE WHEN abs({{0}}) < 1e{whole} THEN {{0}} END AS DECIMAL({digits}, {scale}))",
    "duckdb": "CAST(CASE WHEN abs({{0}}) < 1e{whole} THEN {{0}} END AS DECIMAL({digits}, {scale}))",
}


def _digits(backend: str, source_type: str) -> Written | None:
    """Return the cast for decimals of more digits than every warehouse holds, or of a strange scale."""
    match = re.fullmatch(r"(?:numeric|decimal)\((\d+),(-?\d+)\)", source_type.replace(" ", "").lower())
    if not match or backend not in _NARROWED:
        return None
    precision, scale = int(match[1]), int(match[2])
    if 0 <= scale <= min(precision, MOST_SCALE) and precision - scale <= MOST_WHOLE:
        return None
    kept = min(max(scale, 0), MOST_SCALE) if scale < _NEGATIVE else 0
    why = f"{source_type} is more than a warehouse holds: {kept} decimals, and NULL from 10^{MOST_WHOLE} on"
    cast = _NARROWED[backend].format(whole=MOST_WHOLE, digits=MOST_WHOLE + kept, scale=kept)
    return Written(cast, why=why)
