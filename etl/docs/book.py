"""The dictionary's chapters: the star and the flow in pictures, then everything by itself."""

from collections.abc import Iterator

from etl.company.report import Report
from etl.docs.company import Company
from etl.docs.lineage import Kind, Lineage, lineage_of
from etl.docs.matrix import bus_matrix
from etl.docs.mermaid import flowchart, star
from etl.docs.parts import Book, Chapter, Code, Entry, Line, To, counted, links, listed
from etl.docs.pictures import Graph, of_folder, overview
from etl.docs.report import measure_entry, page_entry, view_entry
from etl.docs.slicers import slicer_matrix, slicers_of
from etl.docs.star import star_of
from etl.docs.tables import query_entry, table_entry

_STAR: Line = (
    "Which table can be looked at by which dimension: facts stand on the left of the picture, dimensions on the right. "
    "In the table below it ● is a reference, the active one to its dimension; ○ an inactive one, which a measure takes "
    "by `along` (a dashed line where there is no other); “via” a dimension means through the reference that this one "
    "has.",
)
_FLOW: Line = (
    "What each is made of: tables read queries and other tables; views and measures read tables; pages show measures. "
    "A reference alone (a dashed line in the picture) means that the table holds the other one's keys, and no value "
    "comes from there. Each entry below says what its values are made of, down to the queries, and what a change "
    "reaches.",
)
_SLICERS: Line = (
    "Which measure answers to which slicer of the pages: ● it counts what is chosen; ○ it shows all by its definition, "
    "whatever is chosen; nothing: it has no answer, so it is blank while that slicer is chosen.",
)
_NULLS: Line = (
    "Key 0 of each is the unknown member, of what is not known or matches nothing. NULL: whether a column may be NULL; "
    "“member 0” means in the unknown member alone.",
)


def make_book(company: Company) -> Book:
    """Write the dictionary of a company."""
    lineage = lineage_of(company)
    title = f"{company.report.title}: data dictionary" if company.report else "Data dictionary"
    about: tuple[Line, ...] = ((_contents(lineage),), ("Written by ", Code("python -m etl docs"), _FROM))
    return Book(title, about, tuple(_chapters(company, lineage)))


_FROM = " from the tables' contracts, the queries' headers and the report."


def _contents(lineage: Lineage) -> str:
    kinds = (Kind.QUERY, Kind.DIMENSION, Kind.FACT, Kind.VIEW, Kind.MEASURE, Kind.PAGE)
    return ", ".join(counted(len(lineage.of(kind)), kind.value) for kind in kinds if lineage.of(kind)) + "."


def _chapters(company: Company, lineage: Lineage) -> Iterator[Chapter]:
    yield Chapter("The star", (_STAR,), grid=bus_matrix(company), picture=star(company), star=star_of(company))
    flow = overview(lineage)
    yield Chapter("The flow", (_FLOW,), picture=flowchart(flow), items=tuple(_sources(flow)))
    yield Chapter("Dimensions", (_NULLS,), entries=_tables(company, lineage, Kind.DIMENSION))
    yield Chapter("Facts", entries=_tables(company, lineage, Kind.FACT))
    yield Chapter("The engine's own table", entries=_tables(company, lineage, Kind.RECORD))
    yield Chapter("Queries", entries=tuple(query_entry(query, lineage) for query in company.queries.values()))
    if company.report:
        yield from _of_report(company.report, company, lineage)


def _sources(flow: Graph) -> Iterator[Line]:
    """Write the flow as a list: each node with what it is made of, and what it refers to."""
    for node in flow.nodes:
        parts: list[Line] = []
        for firm, said in ((True, "made of "), (False, "refers to ")):
            if sources := tuple(other for other in flow.nodes if flow.edges.get((other, node)) is firm):
                parts.append((said, *links(sources)))
        if parts:
            yield (To(node), ": ", *listed(parts, "; "))


def _of_report(report: Report, company: Company, lineage: Lineage) -> Iterator[Chapter]:
    if report.views:
        yield Chapter(
            "Views", entries=tuple(view_entry(view, report, company, lineage) for view in report.views.values())
        )
    if slicers_of(report):
        yield Chapter("Slicers and measures", (_SLICERS,), grid=slicer_matrix(report, company))
    for folder, measures in lineage.folders.items():
        entries = tuple(measure_entry(report.measures[measure.name], report, company, lineage) for measure in measures)
        picture = flowchart(of_folder(folder, lineage))
        yield Chapter(f"Measures: {folder.name}", node=folder, picture=picture, entries=entries)
    yield Chapter("Pages", entries=tuple(page_entry(page, report, company, lineage) for page in report.pages))


def _tables(company: Company, lineage: Lineage, kind: Kind) -> tuple[Entry, ...]:
    return tuple(table_entry(company.contracts[node.name], company, lineage) for node in lineage.of(kind))
