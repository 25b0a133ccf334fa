"""How a part's columns are written, after the source was asked: what types they have, what values will bite."""

import math
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from etl.company.queries import read_query
from etl.contract.comparing import kind_of as kind_of_key
from etl.contract.table import Contract
from etl.core.arrow_types import arrow_type
from etl.core.errors import EtlError
from etl.core.manifest import EXPRESSION
from etl.download.ranges import RANGE_BYTES
from etl.download.source import Plan, Source
from etl.draft.catalogue import Table
from etl.draft.guess import is_personal
from etl.draft.keys import Looked
from etl.draft.parts import ROW_NUMBER, Item, Part
from etl.draft.probe import Probe, orphans, probe
from etl.draft.sql import item_lines, query_text
from etl.draft.table import column_lines, kind_of
from etl.draft.types import Written, better, must
from etl.draft.wide_keys import as_texts

_OF_EXPRESSIONS = {"int64": "bigint", "double": "double"}
"""What `-- types:` says of a column of SQLite that was declared with no type."""


class Measuring:
    """Measures parts. folder: for trials; dialect: of the source, in sqlglot's words; pii: of personal texts."""

    def __init__(self, looked: Looked, source: Source, name: str, folder: Path, dialect: str, pii: str) -> None:
        self.looked, self._asking, self._source, self._name = looked, looked.asking, source, name
        self._folder, self._dialect, self._pii = folder, dialect, pii
        self.years: list[int] = []

    def measure(self, part: Part) -> None:
        """Decide how a part's columns are written, and what is told of them."""
        for item in part.items:
            item.written = must(self._asking.backend, item.column.type)
            item.is_personal = is_personal(item.table.name, item.column.name)
        self._take(part, self._planned(part, types=False))
        found = self._probed(part)
        if found.rows is not None and found.is_whole:
            part.rows = found.rows
        joined = {join.alias: self._probed_of(part, join.alias, join.table) for join in part.joins}
        for item in part.items:
            self._write(part, item, joined[item.alias] if item.is_joined else found)
        plan = self._planned(part)
        self._take(part, plan)
        self._orphans(part)
        part.partition_on = self._partition(part, plan)

    def query(self, part: Part) -> str:
        """Return the text of a part's query, after the source was asked about it."""
        self._planned(part)
        return query_text(part, self._name, self._asking)

    def lines(self, part: Part, item: Item) -> tuple[list[str], list[str]]:
        """Return the lines of one column: of the query, and of the table file."""
        return item_lines(part, item, self._asking), column_lines(part, item, self._pii)

    def _planned(self, part: Part, *, types: bool = True) -> Plan:
        """Ask the source about the query as a night would."""
        path = self._folder / f"{part.query}.sql"
        path.write_text(query_text(part, self._name, self._asking, types=types), encoding="utf-8")
        try:
            return self._source.plan(read_query(path, {self._name: self._dialect}))
        except EtlError as error:
            raise type(error)(
                error.message.replace(str(path), f"The query that is drafted of {part.table.full}"),
                f"Write a query and a table file by hand: docs/tables.md. {error.hint.replace(str(path), 'the query')}",
                transient=error.transient,
            ) from None

    def _take(self, part: Part, plan: Plan) -> None:
        told = {column.name: column for column in plan.columns}
        for item in part.items:
            item.source_type = item.source_type or told[item.name].source_type
            item.arrow = told[item.name].type

    def _probed_of(self, part: Part, alias: str, table: Table) -> Probe:
        """Look at the values of a part's own table, or of one that is joined."""
        types = {item.column.name: item.source_type for item in part.items if item.alias == alias}
        return probe(self._asking, table, types)

    def _probed(self, part: Part) -> Probe:
        found = self._probed_of(part, "", part.table)
        self.years += [year for pair in found.years.values() for year in pair] if part.is_fact else []
        part.notes.append(f"Values that will bite: {found.told}.")
        for item in part.items:
            nulls = 0 if item.is_joined else found.nulls.get(item.column.name, 0)
            if item.name in part.natural and nulls and part.is_fact:
                part.natural = (ROW_NUMBER,)
                part.notes.append(f"{item.name} is NULL in {found.of(nulls)}, so rows are numbered instead.")
            elif item.name in part.natural and nulls:
                item.notes.append(f"NULL in {found.of(nulls)}, which are rejected: it identifies a row")
        return found

    def _write(self, part: Part, item: Item, found: Probe) -> None:
        """Decide how a column is written, by its type and by what was found in it."""
        base = item.written if item.written.why else better(self._asking.backend, item.source_type)
        edges = found.counts.get(item.column.name, [])
        item.notes += [f"{edge.told}, in {found.of(count)}" for edge, count in edges]
        cured = next((edge.instead for edge, _ in reversed(edges) if edge.instead), None)
        sql, header = base.sql, base.header
        if cured:
            sql, header = base.sql.replace("{0}", cured.sql), cured.header or base.header
        if item.column.name in found.flags:
            header = "boolean"
        if item.source_type == EXPRESSION and not header and self._asking.backend == "sqlite":
            header = _OF_EXPRESSIONS.get(item.arrow, "text")
        if item.name in part.natural and pa.types.is_floating(arrow_type(item.arrow)):
            text = "CHAR" if self._asking.backend == "mysql" else "VARCHAR"
            sql = f"CAST({sql} AS {text})"
            item.notes.append("floating point identifies nothing, so it is text here")
            header = "text" if self._asking.backend == "sqlite" else header
        item.written = Written(sql, header, base.why)
        if years := found.years.get(item.column.name):
            item.years = f"{years[0]} to {years[1]}" if years[0] < years[1] else str(years[0])
        if outside := 0 if item.is_joined else found.outside.get(item.column.name, 0):
            item.notes.append(f"a day that the calendar does not have, in {found.of(outside)}")
            item.outside = outside / max(found.rows or 1, 1)

    def _orphans(self, part: Part) -> None:
        """Count what refers to nothing, where no database sees to it."""
        for refers in part.refers:
            key = refers.key
            if key is None:
                continue
            if key.guessed:
                refers.notes.append(f"Guessed, for no foreign key is declared: {key.guessed}.")
            elif self._asking.backend == "postgresql":
                continue
            counted = orphans(self._asking, part.table, key, self.looked.catalogue[key.table])
            if counted is None:
                refers.notes.append("How many rows match nothing there took too long to count.")
            elif counted[0]:
                refers.notes.append(f"{counted[0]:,} of {counted[1]:,} rows match nothing there: the unknown member.")
                refers.unknown = allowed(counted[0] / counted[1])

    def write_wide_keys(self, parts: Mapping[str, Part], known: Mapping[str, Contract]) -> None:
        """Write keys as text that are no whole numbers of 64 bits."""
        for part in as_texts(parts, known, self._asking):
            self._take(part, self._planned(part))

    def check_references(self, parts: Mapping[str, Part], known: Mapping[str, Contract]) -> None:
        """Take back the references whose values cannot be compared with the key that they refer to."""
        for part in parts.values():
            ours = {item.name: arrow_type(item.arrow) for item in part.items}
            for refers in list(part.refers):
                theirs = self._key_types(refers.dimension, parts, known)
                if refers.key and any(
                    kind_of_key(name, ours[name]) is not kind_of_key(name, kind)
                    for name, kind in zip(refers.on, theirs, strict=False)
                ):
                    part.refers.remove(refers)
                    told = f"{', '.join(refers.on)} refers to {refers.key.table}, whose key is of another type."
                    part.notes.append(told)

    def mark_references(self, parts: Mapping[str, Part], known: Mapping[str, Contract]) -> None:
        """Mark the columns that hold a dimension's key which is personal data: what is hashed there is hashed here."""
        for part in parts.values():
            items = {item.name: item for item in part.items}
            for refers in part.refers:
                if refers.dimension in parts:
                    there = parts[refers.dimension]
                    marked = {item.name for item in there.items if item.is_personal}
                    key = there.natural
                else:
                    marked = {c.name for c in known[refers.dimension].columns if c.pii}
                    key = known[refers.dimension].natural_key
                for ours, theirs in zip(refers.on, key, strict=True):
                    items[ours].is_personal |= theirs in marked

    @staticmethod
    def _key_types(name: str, parts: Mapping[str, Part], known: Mapping[str, Contract]) -> list[pa.DataType]:
        if name in parts:
            kinds = {item.name: arrow_type(item.arrow) for item in parts[name].items}
            return [kinds[each] for each in parts[name].natural]
        return [known[name].schema.field(each).type for each in known[name].natural_key]

    def _partition(self, part: Part, plan: Plan) -> str:
        """Name the column by which a long query is extracted side by side."""
        if self._asking.backend != "postgresql" or (plan.bytes or 0) <= RANGE_BYTES:
            return ""
        items = {item.name: item for item in part.items}
        likely = [items[name] for name in part.natural if name in items]
        return next((item.name for item in likely if kind_of(item) in ("Integer", "Date", "Timestamp")), "")


def allowed(share: float) -> float:
    """Return what a contract may allow where a share of the rows is at fault; 0: the default is enough."""
    return 0.0 if share < 0.005 else min(math.ceil(share * 22) / 20, 1.0)
