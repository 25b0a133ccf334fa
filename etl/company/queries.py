"""Queries: one .sql file a raw table, whose header is its documentation and its extraction plan.

The header is the comment at the file's top: prose, and lines `-- name: value` for the names in `Query`.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from difflib import get_close_matches
from itertools import takewhile
from pathlib import Path
from typing import Any

from etl.company.sql import POSTGRES, binds_of, has_code, one_statement, with_binds
from etl.core.errors import ContractError, EtlError, UsageError, joined
from etl.core.names import check_file_names, query_files
from etl.core.needs import check_needs
from etl.core.personal import Marks
from etl.download.types import declared_type
from etl.guards.raw import LINES, Tolerance

_KEYWORD = re.compile(r"--\s*([a-z][a-z ]*):\s+(.+)")
_SEPARATOR = re.compile(r""",(?![^(]*\))(?=(?:[^"]*"[^"]*")*[^"]*$)""")
_TYPED = re.compile(r"""(?:"([^"]+)"|(\S+))\s+(\S.*)""")
HEADER = {
    "grain: one row per order": "What one row is. Needed.",
    "source: shop": "The source that is asked: `SOURCE_SHOP_URL`. Needed.",
    "key: order_id, line": "The columns that identify a row. Needed.",
    "survivor: -updated_at": "Of rows with the same key the first in this order stays; `-` is descending. Without it a"
    " key that occurs twice is an error.",
    "group by: client_id": "Rows that belong together and are sorted so: no block splits a group.",
    "partition on: order_id": "A long query of PostgreSQL is extracted by ranges of this column, side by side.",
    "types: price numeric(12,2), at time": "The types of columns, for databases that do not tell them.",
    "watermark: updated_at": "The column that every change of a row sets: a night reads the rows from the last one on;"
    " in a query of several tables, `:since` says where.",
    "lag: 15 min": "How much before the last watermark is read again. Of a watermark that is a number, a number.",
    "deleted: deleted_at": "The column that is not NULL in rows that were deleted.",
    "sweep: weekly": "How often the keys of all rows are compared, by which deleted rows are found: nightly, weekly or"
    " never. Weekly without this line; never where `deleted` is told.",
    "pii: name, email": "Columns of personal data, besides those that table files mark.",
    "row security: expected": "The source's row security may hide rows; without this line that is an error.",
    "needs: etl 1.0": "The oldest engine that can read the file; an older one says so, and does not guess.",
}
"""The lines of a query's header, each with an example, and what they say. The guards have their own (`LINES`)."""

SINCE = "since"
"""The :name that stands for the watermark from which on a query of changes reads."""

_FIRST = {POSTGRES: "'-infinity'", "": "'0001-01-01 00:00:00'"}
"""The beginning of time, as a literal of each dialect; "" of the others."""

_SWEEPS = ("nightly", "weekly", "never")
_LAG = re.compile(r"(\d+)\s*(s|min|h|d)")
_UNITS = {"s": "seconds", "min": "minutes", "h": "hours", "d": "days"}

_NAMES = (*(line.partition(":")[0] for line in HEADER), *LINES)


@dataclass(frozen=True)
class Query:
    """One query. grain: what one row is; source: the name in SOURCE_<NAME>_URL; key: what identifies a row.

    survivor: of rows with the same key the first in this order stays ("-column" descending); without it a doubled key
    is an error. group_by: rows that belong together, which the query sorts by: no block splits a group.
    partition_on: a long query is extracted by ranges of this column. types: of columns, in the header's words, for
    databases that do not tell them. tolerance: what the guards allow. dialect: of the SQL, in sqlglot's words.
    row_security: whether the source's policies may hide rows. watermark, lag, deleted, sweep: how changes are found, as
    `HEADER` says. sha256: the hash of the very bytes that were read, the whole file with its header. pii: columns of
    personal data, besides those that follow from `marks`, which the table files set.
    """

    name: str
    path: Path
    sql: str
    description: str
    grain: str
    source: str
    key: tuple[str, ...]
    survivor: tuple[str, ...] = ()
    group_by: tuple[str, ...] = ()
    partition_on: str | None = None
    types: tuple[tuple[str, str], ...] = ()
    tolerance: Tolerance = field(default_factory=Tolerance)
    dialect: str = POSTGRES
    row_security: bool = False
    watermark: str | None = None
    lag: timedelta | int = timedelta(minutes=15)
    deleted: str | None = None
    sweep: str = "weekly"
    sha256: str = ""
    pii: tuple[str, ...] = ()
    marks: Marks = field(default_factory=Marks)

    @property
    def whole(self) -> "Query":
        """The query for all rows: of changes since the beginning of time."""
        if SINCE not in binds_of(self.sql, self.dialect):
            return self
        first = str(-(2**63)) if isinstance(self.lag, int) else _FIRST.get(self.dialect, _FIRST[""])
        return self.since(first)

    def since(self, literal: str) -> "Query":
        """Return the query with a literal in place of `:since`."""
        put = {SINCE: literal}
        return replace(self, sql=with_binds(self.sql, lambda name: put.get(name, f":{name}"), dialect=self.dialect))

    @property
    def is_personal(self) -> bool:
        """Whether it reads personal data, so that what a source says of a value is not told."""
        return bool(self.pii) or self.marks.concern(self.name, self.sql)


def read_queries(folder: Path, dialects: Mapping[str, str]) -> dict[str, Query]:
    """Read every query of a folder, by name; raises the faults of all of them at once.

    dialects: the one that each source speaks (see `etl.company.sql.dialect_of`), as far as it is known.
    """
    queries: dict[str, Query] = {}
    faults: list[EtlError] = []
    for path in query_files(folder):
        try:
            check_file_names([path], "query")
            queries[path.stem] = read_query(path, dialects)
        except ContractError as fault:
            faults.append(fault)
    if faults:
        raise joined(faults)
    check_file_names([query.path for query in queries.values()], "query")
    if not queries:
        raise UsageError(
            f"There is no query in {folder}.",
            "Write one there, as docs/tables.md shows, or name the folder of the .sql files in QUERIES_DIR.",
        )
    return queries


def read_query(path: Path, dialects: Mapping[str, str]) -> Query:
    """Read one .sql file. Raises ContractError where its header lacks what the engine needs."""
    content = path.read_bytes()
    lines = _text(path, content).split("\n")
    header = list(takewhile(lambda line: line.startswith("--"), lines))
    check_needs(path, "\n".join(header))
    found, prose = _parse(path, header)
    missing = [name for name in ("grain", "source", "key") if not found.get(name, "").strip(" ,")]
    if missing:
        raise ContractError(
            f"{path}: the header has no line `-- {missing[0]}: …`.",
            _mistyped(header, missing[0])
            or "Say what one row is (grain), the source's name (source) and what identifies a row (key).",
        )
    dialect = dialects.get(found["source"].lower())
    body = _body(path, "\n".join([""] * len(header) + lines[len(header) :]), dialect)
    group_by, partition_on = _names(found.get("group by", "")), found.get("partition on")
    if partition_on and group_by and group_by[0] != partition_on:
        raise ContractError(
            f"{path}: `-- partition on: {partition_on}` would split groups of {', '.join(group_by)} apart.",
            f"Partition on {group_by[0]}, or leave the line out.",
        )
    return Query(
        name=path.stem,
        path=path,
        sql=body,
        description=prose,
        grain=found["grain"],
        source=found["source"].lower(),
        key=_names(found["key"]),
        survivor=_names(found.get("survivor", "")),
        group_by=group_by,
        partition_on=partition_on,
        types=_types(path, found.get("types", "")),
        tolerance=_tolerance(path, found),
        dialect=POSTGRES if dialect is None else dialect,
        row_security=_expected(path, found.get("row security")),
        watermark=_watermark(path, found, body, dialect),
        lag=_lag(path, found.get("lag")),
        deleted=found.get("deleted"),
        sweep=_sweep(path, found),
        sha256=hashlib.sha256(content).hexdigest(),
        pii=_names(found.get("pii", "")),
    )


def _text(path: Path, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        raise ContractError(f"{path} cannot be read: {error}.", "Save it as UTF-8.") from None


def _body(path: Path, text: str, dialect: str | None) -> str:
    """Return the one statement below the header, its lines as in the file; of no known dialect, nothing is refused."""
    body, spoken = text, POSTGRES if dialect is None else dialect
    try:
        body = one_statement(text, spoken)
    except ValueError as error:
        if dialect is not None:
            raise ContractError(f"{path}:{error}: a second statement follows.", "One query, one file.") from None
    if not has_code(body, spoken):
        raise ContractError(f"{path} has a header but no query.", "Write the SELECT below the header.")
    return body.rstrip()


def _parse(path: Path, header: list[str]) -> tuple[dict[str, str], str]:
    found: dict[str, str] = {}
    prose = []
    for number, line in enumerate(header, 1):
        match = _KEYWORD.fullmatch(line.rstrip())
        if match and match[1] in found:
            raise ContractError(f'{path}:{number}: the header says "{match[1]}" twice.', "Leave one of the lines out.")
        if match and match[1] in _NAMES:
            found[match[1]] = match[2].strip()
        elif match and (near := get_close_matches(match[1], _NAMES, 1, cutoff=0.75)):
            raise ContractError(f'{path}:{number}: the header line "{match[1]}" is not known.', f'Write "{near[0]}".')
        else:
            prose.append(line.removeprefix("--").strip())
    return found, " ".join(part for part in prose if part)


def _mistyped(header: list[str], missing: str) -> str:
    """Return which line is probably the one that is missing; nothing if none looks like it."""
    for number, line in enumerate(header, 1):
        match = _KEYWORD.fullmatch(line.rstrip())
        if match and match[1] not in _NAMES and get_close_matches(match[1], [missing], 1, cutoff=0.5):
            return f'Line {number} says "{match[1]}": did you mean "{missing}"?'
    return ""


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _tolerance(path: Path, found: Mapping[str, str]) -> Tolerance:
    """Read what the header allows, each line by the kind of its field: yes or no, a share, or a name."""
    given: dict[str, Any] = {}
    for line, each in LINES.items():
        text = found.get(line)
        if text is not None and isinstance(each.default, bool):
            given[each.name] = _yes(path, line, text)
        elif text is not None and isinstance(each.default, float):
            given[each.name] = _share(path, line, text, each.metadata["most"])
        elif text is not None:
            given[each.name] = text
    return Tolerance(**given)


def _yes(path: Path, name: str, text: str) -> bool:
    if text not in ("yes", "no"):
        raise ContractError(f"{path}: `-- {name}: {text}` is neither yes nor no.", "Write yes or no.")
    return text == "yes"


def _watermark(path: Path, found: Mapping[str, str], sql: str, dialect: str | None) -> str | None:
    """Return the column. Raises ContractError where something is told of changes, and no watermark."""
    if watermark := found.get("watermark"):
        return watermark
    lines = [f"`-- {name}: {found[name]}`" for name in ("lag", "deleted", "sweep") if name in found]
    lines += [f":{SINCE}"] if SINCE in binds_of(sql, POSTGRES if dialect is None else dialect) else []
    if lines:
        raise ContractError(
            f"{path} has {lines[0]}, and no line `-- watermark: …`.",
            "Name the column that every change of a row sets, or leave that out.",
        )
    return None


def _lag(path: Path, text: str | None) -> timedelta | int:
    """Read how much before the watermark is read again."""
    if text is None:
        return timedelta(minutes=15)
    if text.isdecimal():
        return int(text)
    match = _LAG.fullmatch(text)
    if match is None:
        raise ContractError(f"{path}: `-- lag: {text}` is no time and no number.", "Write e.g. `-- lag: 15 min`.")
    try:
        return timedelta(**{_UNITS[match[2]]: int(match[1])})
    except OverflowError:
        raise ContractError(
            f"{path}: `-- lag: {text}` is longer than any time.", "Write e.g. `-- lag: 15 min`."
        ) from None


def _sweep(path: Path, found: Mapping[str, str]) -> str:
    text = found.get("sweep", "never" if "deleted" in found else "weekly")
    if text not in _SWEEPS:
        raise ContractError(f"{path}: `-- sweep: {text}` is not known.", f"Write {', '.join(_SWEEPS[:2])} or never.")
    return text


def _expected(path: Path, text: str | None) -> bool:
    if text not in (None, "expected"):
        raise ContractError(f"{path}: `-- row security: {text}` is not known.", "Write `-- row security: expected`.")
    return text is not None


def _share(path: Path, name: str, text: str, most: float) -> float:
    """Read a percentage, such as "5 %". most: the greatest that means something."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*%", text)
    if match is None or float(match[1]) / 100 > most:
        raise ContractError(f"{path}: `-- {name}: {text}` is not a share.", f"Write e.g. `-- {name}: 5 %`.")
    return float(match[1]) / 100


def _types(path: Path, text: str) -> tuple[tuple[str, str], ...]:
    """Read the line of types; a column's name with blanks or commas is in double quotes."""
    pairs: dict[str, str] = {}
    for part in filter(None, map(str.strip, _SEPARATOR.split(text))):
        match = _TYPED.fullmatch(part)
        if match is None:
            raise ContractError(
                f"{path}: `-- types:` names no type for {part}.", "Write: types: id bigint, price numeric(12,2)"
            )
        name = match[1] or match[2]
        if name in pairs:
            raise ContractError(f"{path}: `-- types:` names {name} twice.", "Leave one of them out.")
        try:
            declared_type(match[3])
        except ValueError as error:
            raise ContractError(
                f"{path}: `-- types:` does not know the type {match[3]} of {name}.", str(error)
            ) from None
        pairs[name] = match[3]
    return tuple(pairs.items())
