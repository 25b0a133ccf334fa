"""What is to be said of the report's views, measures and pages."""

import re
from collections.abc import Iterator

from etl.company.measure import Measure
from etl.company.pages import Page, Visual
from etl.company.report import Report
from etl.company.sayings import Saying
from etl.company.views import View
from etl.dashboard.words import told
from etl.docs.company import Company
from etl.docs.lineage import Kind, Lineage, Node, table_node
from etl.docs.parts import Code, Entry, Line, Listing, To, links, listed, prose
from etl.docs.reach import beyond, made_of
from etl.docs.slicers import answered
from etl.report.aggregates import said_in_sql
from etl.report.dax import dax_of
from etl.report.names import friendly
from etl.report.reach import unreached
from etl.report.tables import Tables

_HEADER = re.compile(r"(like|where):")


def view_entry(view: View, report: Report, company: Company, lineage: Lineage) -> Entry:
    """Return what a view is."""
    lines = view.sql.strip().splitlines()
    header = [line.removeprefix("--").strip() for line in lines if line.startswith("--")]
    like = table_node(company.contracts[view.like], company.tables)
    node = Node(Kind.VIEW, view.name)
    facts: list[tuple[str, Line]] = [("Refers to dimensions like", (To(like),))]
    facts += [*made_of(node, lineage), *beyond(node, lineage)]
    sql = "\n".join(line for line in lines if not line.startswith("--"))
    if view.where:
        sql = Tables(report, company.contracts).view(view.name)[1:-1]
    about = " ".join(line for line in header if not _HEADER.match(line))
    return Entry(node, prose(about), (), tuple(facts), None, (Listing("SQL", "sql", sql),))


def measure_entry(measure: Measure, report: Report, company: Company, lineage: Lineage) -> Entry:
    """Return what a measure means, what it is to reach, and how it is computed, in SQL and in DAX."""
    node = Node(Kind.MEASURE, measure.name)
    facts: list[tuple[str, Line]] = [("Shown as", (Code(measure.format),))]
    if measure.latest:
        per, last = measure.latest
        facts.append(("Balance", ("the rows of the greatest ", Code(last), ", for each ", Code(per))))
    if measure.along:
        facts.append(("Filtered along", (Code(measure.along),)))
    if measure.as_is:
        facts.append(("Members with history", ("as they are today",)))
    if measure.ignores:
        facts.append(("Ignores filters on", _ignored(measure, lineage)))
    if target := report.targets.get(measure.name):
        facts.append(("Target", prose(told(target, measure.format)[0].rpartition(": ")[2])))
    facts += answered(measure.name, report, company)
    facts += [*made_of(node, lineage), *beyond(node, lineage)]
    listings = [Listing("DAX", "dax", dax_of(measure, report, company.contracts))]
    if sql := said_in_sql(measure, report, company.contracts):
        listings.append(Listing(f"SQL, over {measure.of}" if measure.of else "SQL", "sql", sql))
    return Entry(node, prose(measure.meaning), (), tuple(facts), None, tuple(listings))


def page_entry(page: Page, report: Report, company: Company, lineage: Lineage) -> Entry:
    """Return what a page shows."""
    node = Node(Kind.PAGE, page.name)
    facts: list[tuple[str, Line]] = []
    if page.slicers:
        facts.append(("Slicers", listed([_column(column, company) for column in page.slicers])))
        facts += _unreached(page, report, company)
    for visual in page.visual:
        shown = links(tuple(Node(Kind.MEASURE, name) for name in visual.measures))
        facts.append((visual.kind.capitalize(), (*prose(visual.title), ": ", *shown, *_beside(visual, company))))
        facts += [("Its title", _saying(saying)) for saying in visual.said]
    facts += made_of(node, lineage)
    return Entry(node, prose(page.title), (), tuple(facts))


def _beside(visual: Visual, company: Company) -> Line:
    """Return what a visual is by, and what stands with its measures."""
    words = {" by ": visual.by, ", small lines over ": visual.spark, ", a chart for each ": visual.panels}
    columns = (part for word, name in words.items() if name for part in (word, *_column(name, company)))
    changes = tuple(Node(Kind.MEASURE, name) for name in visual.change.values())
    return (*columns, *((", changes: ", *links(changes)) if changes else ()))


def _saying(saying: Saying) -> Line:
    return (*prose(f"“{saying.text}”"), *((" where ", Code(saying.when)) if saying.when else ()))


def _unreached(page: Page, report: Report, company: Company) -> Iterator[tuple[str, Line]]:
    """Say which measures are blank while a slicer is chosen."""
    for column in page.slicers:
        names = dict.fromkeys(
            name for visual in page.visual for name in unreached(report, company.contracts, visual, [column])
        )
        if names:
            label = friendly(column.partition(".")[2])
            yield f"Blank when {label} is chosen", links(tuple(Node(Kind.MEASURE, name) for name in names))


def _ignored(measure: Measure, lineage: Lineage) -> Line:
    if "*" in measure.ignores:
        return ("everything",)
    return links(tuple(node for node in lineage.of(Kind.DIMENSION) if node.name in measure.ignores))


def _column(column: str, company: Company) -> Line:
    table, _, name = column.partition(".")
    return (To(table_node(company.contracts[table], company.tables)), ".", Code(name))
