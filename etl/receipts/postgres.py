"""What PostgreSQL itself says that a query gives: the receipt, in its SQL, and the values its columns may hold."""

from collections.abc import Iterator

import pyarrow as pa

from etl.core.arrow_types import ANY_NUMERIC, arrow_type
from etl.core.manifest import RawColumn
from etl.core.receipt import TableReceipt
from etl.receipts.arrow import has_range
from etl.receipts.level import Extent
from etl.receipts.rows import is_number
from etl.receipts.slices import slice_sql
from etl.receipts.sql import Dialect, Own, feistel, joined_texts, lane_sql, receipt_parts, text_lane

_ARGUMENTS = 90
"""A function takes no more than a hundred."""

_TARGETS = 1600
"""A SELECT gives no more than 1664 columns."""

_BIGINT_DIGITS = 18
"""Digits that every bigint has."""

_SOURCE_TYPE = b"source type"
_PLAIN_TEXTS = ("text", "character varying")


class Postgres(Dialect):
    """PostgreSQL's words. Fields carry the name of their type there, as `fields_of` makes them.

    utf8: whether the server keeps its texts in UTF-8. one_by_one: whether sums and limits look at each value, to leave
    out those which their type here cannot hold; else one such value makes them NULL, in two thirds of the time.
    """

    def __init__(self, *, utf8: bool, one_by_one: bool = False) -> None:
        self._utf8, self._one_by_one = utf8, one_by_one

    def exact_sum(self, field: pa.Field, name: str) -> str:
        """Write the sum of the numbers; NaN and infinity are none."""
        return self._of_numbers(field, name, f"SUM({name})")

    def extreme(self, field: pa.Field, name: str, function: str) -> str:
        """Write the least or greatest value; of times, among those that a calendar has."""
        if pa.types.is_string(field.type):
            return self._extreme_text(function, _as_text(field, name))
        if not pa.types.is_temporal(field.type):
            return self._of_numbers(field, name, f"{function}({name})")
        if self._one_by_one:
            return f"{function}({name}) FILTER (WHERE {_in_calendar(name)})"
        within = f"{_from_year_1(f'MIN({name})')} AND {_to_year_9999(f'MAX({name})')}"
        return f"CASE WHEN {within} THEN {function}({name}) END"

    def _of_numbers(self, field: pa.Field, name: str, figure: str) -> str:
        """Write a figure of those values of a column that are numbers; only decimals may be NaN or infinity."""
        if not pa.types.is_decimal(field.type):
            return figure
        if self._one_by_one:
            return f"{figure} FILTER (WHERE scale({name}) IS NOT NULL)"
        return f"CASE WHEN scale(SUM({name})) IS NOT NULL THEN {figure} END"

    def number(self, field: pa.Field, name: str) -> str:
        """Write a value's number; the plain one of values that have one."""
        kind = field.type
        if pa.types.is_decimal(kind):
            whole = f"{name} * 1{'0' * kind.scale}"
            # a division of numerics is slow
            return f"({whole})::bigint" if kind.precision <= _BIGINT_DIGITS else f"trunc({whole})"
        if pa.types.is_date(kind):
            return f"({name} - DATE '1970-01-01')"
        if pa.types.is_timestamp(kind):
            clock = f"({name} AT TIME ZONE 'UTC')" if kind.tz else name  # numeric, as extract gives it, is slow
            days, time = f"({clock}::date - DATE '1970-01-01')", f"date_part('epoch', {clock}::time)"
            return f"({days} * 86400000000 + ({time} * 1000000)::bigint)"
        return f"{name}::int::bigint" if pa.types.is_boolean(kind) else f"{name}::bigint"

    def residue(self, field: pa.Field, name: str, lane: int) -> str:
        """Write what a value counts: where its type here cannot hold it, by its text."""
        number = f"{super().residue(field, name, lane)}::bigint"
        holds = _holds(field, name)
        if holds is None:
            return number
        text = f"({text_lane(self.text_hash(f'{name}::text'), lane)})"
        return f"CASE WHEN {holds} THEN {number} WHEN {name} IS NOT NULL THEN {text} END"

    def cube(self, key: pa.Schema, root: str) -> str:
        """Write it so that the root is computed once, where it costs more than a subselect does."""
        if all(pa.types.is_integer(field.type) for field in key if is_number(field)):
            return super().cube(key, root)
        return f"(SELECT {super().cube(key, 'root')} FROM (SELECT {root} AS root OFFSET 0) AS once)"

    def texts(self, field: pa.Field, name: str) -> list[str]:
        """Write a value's texts; within `concat`, values of other types become the text that COPY writes."""
        if not pa.types.is_string(field.type):
            return [name]
        text = _as_text(field, name)
        return [f"octet_length({text if self._utf8 else _utf8(text)})", "':'", text]

    def _extreme_text(self, function: str, text: str) -> str:
        """Write the beginning of the least or greatest text, in the order of its bytes in UTF-8."""
        if self._utf8:
            return f'left({function}({text} COLLATE "C"), 64)'
        found = f"""{function}(encode({_utf8(text)}, 'hex') COLLATE "C")"""
        return f"convert_from(decode({found}, 'hex'), 'UTF8')"

    def joined(self, pieces: list[str]) -> str:
        """Concatenate; more texts than a function takes, in parts."""
        if len(pieces) <= _ARGUMENTS:
            return super().joined(pieces)
        parts = [pieces[start : start + _ARGUMENTS] for start in range(0, len(pieces), _ARGUMENTS)]
        return self.joined([self.joined(part) for part in parts])

    def text_hash(self, text: str) -> str:
        """Write the first 60 bits of the MD5 of a text in UTF-8."""
        encoded = text if self._utf8 else _utf8(text)
        return f"('x' || left(md5({encoded}), 15))::bit(60)::bigint"

    def xor(self, left: str, right: str) -> str:
        """Write the exclusive or."""
        return f"({left} # {right})"

    def hashed(self, schema: pa.Schema, relation: str, where: str | None = None) -> tuple[str, str]:
        """Return the relation itself, and the SQL of the hash over its rows. where: over those alone that it holds for.

        The steps are computed for the chosen rows alone, each once: OFFSET 0 keeps the planner from writing a step into
        the next wherever that names it.
        """
        own, found, texts = Own.beside(schema), "", joined_texts(schema, self)
        if texts:
            found = f" FROM (SELECT {self.text_hash(texts)} AS {own.text_hash} OFFSET 0) AS joined"
        lanes = ", ".join(f"{lane_sql(schema, self, lane, own)} AS {own.half(lane)}" for lane in (0, 1))
        found = f"(SELECT {lanes}{found} OFFSET 0) AS lanes"
        for number, step in enumerate(feistel(self, own), start=2):
            before, now = own.half(number - 1), own.half(number)
            found = f"(SELECT {before}, {step} AS {now} FROM {found} OFFSET 0) AS round_{number}"
        chosen = "" if where is None else f" FILTER (WHERE {where})"
        return relation, f"COALESCE(SUM((SELECT {own.row} FROM {found})){chosen}, 0)"


def fields_of(columns: tuple[RawColumn, ...]) -> pa.Schema:
    """Return the columns of a query as fields that `Postgres` understands."""
    return pa.schema(
        [pa.field(c.name, arrow_type(c.type), metadata={_SOURCE_TYPE: c.source_type.encode()}) for c in columns]
    )


def is_told(receipt: TableReceipt, columns: pa.Schema) -> bool:
    """Whether no figure is NULL because of a value that its type here cannot hold."""
    found = (receipt.columns[field.name] for field in columns if has_range(field))
    return all(column.min is not None or column.nulls == receipt.rows for column in found)


def receipt_queries(
    query: str, columns: pa.Schema, key: tuple[str, ...], dialect: Postgres, extent: Extent
) -> Iterator[str]:
    """Write the queries that compute a query's receipt. columns: its fields; key: the columns that identify a row."""
    relation, hashed = f"(\n{query}\n) AS query", None
    if extent.hashes:
        keys = pa.schema([columns.field(name) for name in key])
        chosen = None if extent.slice is None else slice_sql(keys, dialect, extent.slice)
        hashed = dialect.hashed(columns, relation, chosen)
    return receipt_parts(columns, dialect, relation, hashed, most=_TARGETS)


def _utf8(text: str) -> str:
    return f"convert_to({text}, 'UTF8')"


def _holds(field: pa.Field, name: str) -> str | None:
    """Write the condition that a value has a number in the column's type here; None where every value has one."""
    kind = field.type
    if pa.types.is_temporal(kind):
        return _in_calendar(name)
    if not pa.types.is_decimal(kind):
        return None
    if kind != ANY_NUMERIC:
        return f"scale({name}) IS NOT NULL"  # else NaN
    return f"scale(trim_scale({name})) <= {kind.scale} AND abs({name}) < 1e{kind.precision - kind.scale}"


def _in_calendar(name: str) -> str:
    """Write the condition that a date or time is in the years 1 to 9999, and not infinite."""
    return f"{_from_year_1(name)} AND {_to_year_9999(name)}"


def _from_year_1(instant: str) -> str:
    return f"{instant} >= '0001-01-01'"


def _to_year_9999(instant: str) -> str:
    return f"{instant} < '10000-01-01'"


def _as_text(field: pa.Field, name: str) -> str:
    """Write a value of any type as COPY does, NULL as NULL: a cast would trim the blanks of a char(n)."""
    kind = (field.metadata or {}).get(_SOURCE_TYPE, b"").decode()
    return name if kind in _PLAIN_TEXTS else f"CASE WHEN {name} IS NOT NULL THEN concat({name}) END"
