"""A company's tables as its tests build them: rows in, what is published of them out, without a source or warehouse."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from config import Settings
from etl.company.queries import Query, read_queries
from etl.company.tables import NIGHT, TableFile, read_tables
from etl.contract import BLOCK, BUCKET, Night
from etl.contract.versions import without_versions
from etl.core.arrow_types import arrow_type
from etl.core.errors import EtlError, UsageError
from etl.core.names import guess, query_files
from etl.core.runs import Store
from etl.download.stage import dialects_of
from etl.download.types import declared_type
from etl.testing.drawing import drawn, frame_of, head_of
from etl.transform.check import Checked, Members, before_window, check, check_columns, check_kinds
from etl.transform.frames import arrow_backed
from etl.transform.history import since, with_versions

TONIGHT = Night(
    as_of=datetime(2030, 3, 15, 2, 30, tzinfo=UTC),
    business_date=date(2030, 3, 15),
    time_zone="Europe/Madrid",
    window_start=date(2027, 3, 15),
)
"""The night that tables are built in, unless a test names another."""


@dataclass(frozen=True)
class Built:
    """What became of the rows. name: of the table; rows: the sound ones, with the columns that `build` returned."""

    name: str
    checked: Checked

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The rows that fulfil the contract, as plain values."""
        return plain(self.checked.sound)

    @property
    def rejects(self) -> dict[str, int]:
        """How many rows were rejected, by reason."""
        reasons = [reason for reason, _ in self.checked.rejects]
        return {reason: reasons.count(reason) for reason in dict.fromkeys(reasons)}

    @property
    def set_aside(self) -> dict[str, int]:
        """How many rows were set aside, by reason."""
        return dict(self.checked.counts.set_aside)

    def must_be(self, expected: str) -> None:
        """Fail unless the sound rows are those that a table draws, in any order, with the columns that it has."""
        __tracebackhide__ = True
        columns, wanted, found = self._compared(expected)
        if found != wanted:
            told = (drawn(found, columns), drawn(wanted, columns))
            raise AssertionError("{} is\n\n{}\n\nand not\n\n{}\n{}".format(self.name, *told, self._left_out()))

    def must_have(self, expected: str) -> None:
        """Fail unless each row that a table draws is among the sound ones, with the columns that it has."""
        __tracebackhide__ = True
        columns, wanted, found = self._compared(expected)
        if lacking := [row for row in wanted if row not in found]:
            raise AssertionError(f"{self.name} has no such rows:\n\n{drawn(lacking, columns)}\n{self._left_out()}")

    def _left_out(self) -> str:
        """Say which rows are not among the sound ones, and why."""
        lines = [f"{count} rejected: {reason}" for reason, count in self.rejects.items()]
        lines += [f"{count} set aside: {reason}" for reason, count in self.set_aside.items()]
        return "".join(f"\n{line}" for line in lines)

    def _compared(self, expected: str) -> tuple[list[str], list[dict[str, Any]], list[dict[str, Any]]]:
        """Return the columns that a table draws, its rows, and those that were built, both in one order."""
        frame, columns = self.checked.sound, head_of(expected)
        for name in columns:  # whose types are those of what was built
            if name not in frame:
                raise UsageError(f"{self.name} has no column {name}.", guess(name, map(str, frame.columns)))
        kinds = {name: pa.array(frame[name], from_pandas=True).type for name in columns}
        wanted = frame_of(expected, kinds)
        return columns, in_order(plain(wanted, columns)), in_order(plain(frame, columns))


@dataclass(frozen=True)
class Company:
    """A company's queries and tables. queries: their folder, whose headers may say types.

    types: of queries' columns, as the newest night found them, where there was one; dialects: of the sources.
    """

    tables: Path
    queries: Path
    types: Mapping[str, Mapping[str, pa.DataType]] = field(default_factory=dict)
    dialects: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Settings) -> "Company":
        """Return the company of the settings, with the types of the newest raw run in its data folder."""
        types: dict[str, Mapping[str, pa.DataType]] = {}
        if isinstance(settings.data_dir, Path):
            with suppress(EtlError, OSError):  # there was none, or it is a newer engine's
                found = Store.of(settings).raw.newest("").tables
                types = {
                    name: {column.name: arrow_type(column.type) for column in found[name].columns} for name in found
                }
        return cls(settings.tables_dir, settings.queries_dir, types, dialects_of(settings))

    def build(self, table: str, *, night: Night = TONIGHT, **inputs: str | pd.DataFrame) -> Built:
        """Build a table, and check it as the engine does; every member that a reference names is taken for known.

        inputs: what its `build` and partials read, each drawn or a frame; what a query has besides is NULL. What the
        engine does with a whole table is not part of it: survivors of a doubled key, and surrogate keys.
        """
        __tracebackhide__ = True
        try:
            return self._built(table, night, inputs)
        except EtlError as error:
            error.add_note(f"Try: {error.hint}")
            raise

    def _built(self, table: str, night: Night, inputs: Mapping[str, str | pd.DataFrame]) -> Built:
        files = read_tables(self.tables)
        if table not in files:
            raise UsageError(f"There is no table {table} in {self.tables}.", guess(table, files))
        given = {name: self._frame(name, files, rows) for name, rows in inputs.items()}
        return Built(table, built(files[table], given, night))

    def _frame(self, name: str, files: Mapping[str, TableFile], rows: str | pd.DataFrame) -> pd.DataFrame:
        if not isinstance(rows, str):
            return rows
        if name in files:
            return frame_of(rows, {column.name: column.type for column in files[name].contract.columns})
        query, types = self._queries.get(name), dict(self.types.get(name, {}))
        types |= {column: declared_type(words) for column, words in query.types} if query else {}
        frame = frame_of(rows, types)
        named = dict.fromkeys([*types, *(columns_of(query) if query else [])])
        others = [column for column in named if column not in frame]
        kinds = {column: pd.ArrowDtype(types.get(column, pa.null())) for column in others}
        return frame.assign(**{column: pd.Series([None] * len(frame), dtype=kind) for column, kind in kinds.items()})

    @cached_property
    def _queries(self) -> dict[str, Query]:
        return read_queries(self.queries, self.dialects) if query_files(self.queries) else {}


def built(table: TableFile, inputs: Mapping[str, pd.DataFrame], night: Night) -> Checked:
    """Build a table of frames and check it."""
    given: dict[str, Any] = dict(inputs) | {NIGHT: night}
    for partial in table.partials:
        summarized = given[partial.parameters[0]]
        in_one_part = {name: 0 for name in (BLOCK, BUCKET) if name not in summarized}
        given[partial.parameters[0]] = summarized.assign(**in_one_part)
        given[partial.parameters[0]] = partial.call(*_named(table, partial.parameters, given))
    frame = table.build.call(*_named(table, table.build.parameters, given)).reset_index(drop=True)
    check_columns(frame, table.contract)
    frame = arrow_backed(without_versions(frame), table.name)
    check_kinds(frame, table.contract)
    frame = since(frame, table.contract, night.time_zone)
    frame = before_window(frame, table.contract, night.window_start)
    everybody = Members(_Everybody(), np.ones(1, np.int64))  # type: ignore[arg-type] # as far as `check` asks
    checked = check(frame, table.contract, {column.dimension: everybody for column in table.contract.relationships})
    if table.contract.has_history:
        with_versions(checked, table.contract, night)
    return checked


def columns_of(query: Query) -> list[str]:
    """Name the columns of a query, as far as its text says them."""
    from sqlglot import ParseError, parse_one

    try:
        names: list[str] = getattr(parse_one(query.sql, dialect=query.dialect), "named_selects", [])
        return [name for name in names if name.isidentifier()]
    except ParseError:
        return []


def plain(frame: pd.DataFrame | pa.Table, columns: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """Return the rows of a frame as plain values."""
    table = frame if isinstance(frame, pa.Table) else pa.Table.from_pandas(frame, preserve_index=False)
    rows: list[dict[str, Any]] = table.select(list(columns or table.column_names)).to_pylist()
    return rows


def in_order(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sort rows, so that they can be compared."""
    return sorted(rows, key=lambda row: [str(value) for value in row.values()])


class _Everybody:
    """Stands for a dimension that has every member."""

    def positions(self, columns: Sequence[pd.Series]) -> Any:
        """Return the first position for every row that names a member."""
        missing = np.logical_or.reduce([column.isna().to_numpy() for column in columns])
        return np.where(missing, -1, 0)


def _named(table: TableFile, parameters: Sequence[str], given: Mapping[str, Any]) -> list[Any]:
    if lacking := [name for name in parameters if name not in given]:
        raise UsageError(
            f"{table.name} is built of {', '.join(lacking)}, which the test does not give.",
            f'Draw it: {lacking[0]}="""| column | … |""".',
        )
    return [given[name] for name in parameters]
