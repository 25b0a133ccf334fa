"""How a measure's number comes about: its value now, its formulas, and its lineage down to the queries."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rich.console import Console
from rich.tree import Tree

from config import Settings
from etl.company.measure import Measure
from etl.company.report import Report
from etl.core.clock import told
from etl.core.errors import EtlError
from etl.core.manifest import RawManifest, StarTable
from etl.core.safe_text import safe
from etl.dashboard.formats import shown
from etl.docs.company import Company, read_company
from etl.docs.lineage import Kind, Lineage, Node, lineage_of
from etl.load.open import open_warehouse
from etl.report.aggregates import said_in_sql
from etl.report.dax import dax_of
from etl.report.sql import Composer

_PATIENCE = 10.0
"""Seconds for which a warehouse that does not answer is asked."""


@dataclass(frozen=True)
class Shown:
    """The star whose tables a lineage names, with the raw run that it was made from, if that is kept.

    called: what its title says of it; nothing where it is the newest, and published.
    """

    tables: Mapping[str, StarTable]
    raw: RawManifest | None
    called: str = ""


def show(screen: Console, settings: Settings, report: Report, name: str, star: Shown) -> None:
    """Print how the measure `name` of the report comes about."""
    company, measure = read_company(settings), report.measures[name]
    lineage = lineage_of(company)
    node = Node(Kind.MEASURE, measure.name)
    screen.print(f"[{measure.name}]: {measure.meaning}", soft_wrap=True)
    screen.print(f"Over all that is published: {_value(settings, company, report, measure)}", soft_wrap=True)
    screen.print(f"In Power BI: {dax_of(measure, report, company.contracts)}", soft_wrap=True)
    of = f" over {measure.of}" if measure.of else ""
    in_sql = said_in_sql(measure, report, company.contracts)
    screen.print(f"In SQL{of}: {in_sql}" if in_sql else "Only Power BI has it.", soft_wrap=True)
    tree = Tree(f"Lineage of [{measure.name}]{star.called}")
    _grow(tree, node, lineage, _labelled(star, settings.business_time_zone))
    screen.print(tree)
    pages = [page.name for page in lineage.uses[node] if page.kind is Kind.PAGE]
    used_by = [f"[{other.name}]" for other in lineage.uses[node] if other.kind is Kind.MEASURE]
    screen.print(f"On pages: {', '.join(pages) or 'none'}. Part of: {', '.join(used_by) or 'no other measure'}.")


def _value(settings: Settings, company: Company, report: Report, measure: Measure) -> str:
    """Return the measure's value without any filter; a sentence where it cannot be had."""
    if not report.has_sql(measure.name):
        return "only Power BI can tell."
    try:
        query = Composer(report, company.contracts).query((measure.name,))
        with open_warehouse(settings, _PATIENCE) as warehouse:
            answer = warehouse.read(query)
    except EtlError as error:
        return f"it cannot be told. {safe(error.message)}"
    return safe(shown(answer.column(0)[0].as_py(), measure.format))


def _labelled(star: Shown, zone: str) -> Callable[[Node], str]:
    def label(node: Node) -> str:
        if node.kind is Kind.QUERY:
            entry = star.raw.tables.get(node.name) if star.raw else None
            return f"query {node.name}" + (f" ({entry.rows:,} rows of source {entry.source})" if entry else "")
        if node.name in star.tables and node.kind in (Kind.DIMENSION, Kind.FACT):
            built = star.tables[node.name]
            rejected = f", {built.all_rejected:,} rejected" if built.all_rejected else ""
            return f"{node.name} ({built.rows:,} rows{rejected}, as of {told(built.as_of, zone)})"
        return f"[{node.name}]" if node.kind is Kind.MEASURE else f"{node.kind} {node.name}"

    return label


def _grow(tree: Tree, node: Node, lineage: Lineage, label: Callable[[Node], str]) -> None:
    for source in lineage.sources[node]:
        _grow(tree.add(label(source)), source, lineage, label)
