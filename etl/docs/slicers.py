"""Which slicers a measure answers to: a row per measure, a column per slicer of the report's pages."""

from collections.abc import Sequence

from etl.company.report import Report
from etl.docs.company import Company
from etl.docs.lineage import Kind, Node, table_node
from etl.docs.parts import Code, Grid, Line, To, listed
from etl.report.names import friendly
from etl.report.reach import answers, is_ignored

_ANSWERS, _IGNORES = "●", "○"


def slicers_of(report: Report) -> list[str]:
    """Return the columns that pages choose by, "table.column"."""
    return list(dict.fromkeys(column for page in report.pages for column in page.slicers))


def slicer_matrix(report: Report, company: Company) -> Grid:
    """Set the measures against the slicers."""
    slicers = slicers_of(report)
    headings: list[Line] = [("measure",), *(_heading(column, company) for column in slicers)]
    return Grid(tuple(headings), tuple(_row(name, slicers, report, company) for name in report.measures))


def answered(measure: str, report: Report, company: Company) -> list[tuple[str, Line]]:
    """Return of a measure what it answers to, and what leaves it blank."""
    slicers = slicers_of(report)
    marks = {column: _mark(measure, column, report, company) for column in slicers}
    facts = {"Answers to": _ANSWERS, "Shows all, whatever is chosen of": _IGNORES, "Blank when chosen": ""}
    columns = {term: [column for column in slicers if marks[column] == mark] for term, mark in facts.items()}
    return [(term, listed([_named(c, company) for c in found])) for term, found in columns.items() if found]


def _row(measure: str, slicers: Sequence[str], report: Report, company: Company) -> tuple[Line, ...]:
    marks = (_mark(measure, column, report, company) for column in slicers)
    return ((To(Node(Kind.MEASURE, measure)),), *((mark,) if mark else () for mark in marks))


def _mark(measure: str, column: str, report: Report, company: Company) -> str:
    table = column.partition(".")[0]
    if not answers(report, company.contracts, measure, table):
        return ""
    said = report.measures[measure]
    view = report.views.get(said.of or "")
    of = view.like if view else said.of
    return _IGNORES if of and is_ignored(company.contracts, of, said.ignores, table) else _ANSWERS


def _heading(column: str, company: Company) -> Line:
    table, _, name = column.partition(".")
    return (To(table_node(company.contracts[table], company.tables), friendly(name)),)


def _named(column: str, company: Company) -> Line:
    table, _, name = column.partition(".")
    return (To(table_node(company.contracts[table], company.tables)), ".", Code(name))
