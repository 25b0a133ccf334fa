"""The filter contexts in which a report's measures are proven: no choice, and some of each slicer."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from etl.company.report import Report
from etl.core.errors import ContractError
from etl.report.dax import column as dax_column
from etl.report.dax_values import literal
from etl.report.names import friendly
from etl.report.read import Read
from etl.report.sql import Composer


@dataclass(frozen=True)
class Context:
    """What is chosen. filters: members by "table.column"; None among them is the one without a value."""

    filters: Mapping[str, tuple[object, ...]]

    def __str__(self) -> str:
        said = [
            f"{friendly(column.partition('.')[2])} = {' or '.join(map(_said, members))}"
            for column, members in self.filters.items()
        ]
        return ", ".join(said) or "everything"

    def chosen(self, rows: str) -> str:
        """Return the DAX of a table expression in this context."""
        filters = [
            f"TREATAS({{{', '.join(map(literal, members))}}}, {dax_column(*column.split('.'))})"
            for column, members in self.filters.items()
        ]
        arguments = ",\n".join([rows, *filters])
        return f"CALCULATETABLE(\n{arguments}\n)" if filters else rows


def contexts_of(report: Report, composer: Composer, read: Read) -> list[Context]:
    """Return no choice, of each slicer its first member, its first two, and the one without a value, and two slicers.

    The first ones are those with the greatest value of a measure of the pages, so that there is something to see.
    """
    slicers = list(dict.fromkeys(column for page in report.pages for column in page.slicers))
    members = {column: _members(report, composer, read, column) for column in slicers}
    found: list[dict[str, tuple[object, ...]]] = [{}]
    for column, known in members.items():
        named = [member for member in known if member is not None]
        found += [{column: tuple(named[:1])}] if named else []
        found += [{column: tuple(named[:2])}] if len(named) > 1 else []
        found += [{column: (None,)}] if None in known else []
    firsts = [(column, known[:1]) for column, known in members.items() if known]
    found += [{one: tuple(first), other: tuple(second)} for (one, first), (other, second) in pairwise(firsts)][:2]
    return [Context(filters) for filters in found]


def _members(report: Report, composer: Composer, read: Read, column: str) -> list[object]:
    """Return a slicer's members of which SQL says something, the greatest first."""
    for measure in _shown(report):
        try:
            rows = read(composer.query([measure], column)).to_pylist()
        except ContractError:  # it does not answer to this slicer
            continue
        rows = [row for row in rows if isinstance(row["v0"], int | float | Decimal)]
        if rows:
            return [row["label"] for row in sorted(rows, key=lambda row: -row["v0"])]
    return []


def _shown(report: Report) -> Iterator[str]:
    """Return the measures of the pages that SQL knows."""
    names = dict.fromkeys(name for page in report.pages for visual in page.visual for name in visual.measures)
    return (name for name in names if report.has_sql(name))


def _said(value: object) -> str:
    return "nothing" if value is None else str(value)
