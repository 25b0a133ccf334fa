"""What is made of what: from the queries over the star's tables and the views to measures and pages."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from graphlib import CycleError, TopologicalSorter

from etl.company.measure import Measure
from etl.company.pages import Page
from etl.company.report import ROWS_OF_ALL, Report
from etl.company.tables import NIGHT, TableFile
from etl.contract.table import Contract
from etl.core.errors import ContractError
from etl.core.names import guess
from etl.docs.company import Company
from etl.docs.named import measures_in_dax, tables_in_dax, tables_in_sql
from etl.report.aggregates import said_in_sql
from etl.report.dax import dax_of


class Kind(StrEnum):
    """What a node is, in the order of the flow."""

    QUERY = "query"
    DIMENSION = "dimension"
    FACT = "fact"
    RECORD = "record"
    """The engine's own table."""
    VIEW = "view"
    MEASURE = "measure"
    FOLDER = "folder"
    """Of measures; no part of the lineage, but something to refer to."""
    PAGE = "page"


TABLES = (Kind.DIMENSION, Kind.FACT, Kind.RECORD)


@dataclass(frozen=True)
class Node:
    """Something with a name."""

    kind: Kind
    name: str


@dataclass(frozen=True)
class Lineage:
    """The whole graph. nodes: in the order in which they are shown.

    edges: what (first) something (second) is directly made of; False for what it only refers to, or counts the rows of.
    folders: the measures of each.
    """

    nodes: tuple[Node, ...]
    edges: Mapping[tuple[Node, Node], bool]
    folders: Mapping[Node, tuple[Node, ...]]

    @cached_property
    def sources(self) -> dict[Node, tuple[Node, ...]]:
        """What each node is directly made of."""
        return {node: tuple(n for n in self.nodes if self.edges.get((n, node))) for node in self.nodes}

    @cached_property
    def uses(self) -> dict[Node, tuple[Node, ...]]:
        """What is directly made of each node."""
        return {node: tuple(n for n in self.nodes if self.edges.get((node, n))) for node in self.nodes}

    def behind(self, node: Node) -> tuple[Node, ...]:
        """Return all that a node is made of, through others too. What is merely referred to makes no value."""
        return self._reached(node, self.sources)

    def beyond(self, node: Node) -> tuple[Node, ...]:
        """Return all that is made of a node, through others too: what a change of it may break."""
        return self._reached(node, self.uses)

    def references(self, node: Node) -> tuple[Node, ...]:
        """Return what something merely refers to."""
        return tuple(other for other in self.nodes if self.edges.get((other, node)) is False)

    def referring(self, node: Node) -> tuple[Node, ...]:
        """Return what merely refers to something."""
        return tuple(other for other in self.nodes if self.edges.get((node, other)) is False)

    def of(self, *kinds: Kind) -> tuple[Node, ...]:
        """Return the nodes of some kinds."""
        return tuple(node for node in self.nodes if node.kind in kinds)

    def _reached(self, start: Node, steps: Mapping[Node, tuple[Node, ...]]) -> tuple[Node, ...]:
        seen: set[Node] = set()
        waiting = [start]
        while waiting:
            further = set(steps[waiting.pop()]) - seen
            seen |= further
            waiting += further
        return tuple(node for node in self.nodes if node in seen)


def table_node(contract: Contract, tables: Mapping[str, TableFile]) -> Node:
    """Return the node of a table."""
    if contract.name not in tables:
        return Node(Kind.RECORD, contract.name)
    return Node(Kind.DIMENSION if contract.is_dimension else Kind.FACT, contract.name)


def lineage_of(company: Company) -> Lineage:
    """Draw the lineage of a company. Raises ContractError where the report names what is not there."""
    tables = {name: table_node(contract, company.tables) for name, contract in company.contracts.items()}
    nodes = [Node(Kind.QUERY, name) for name in company.queries]
    nodes += sorted(tables.values(), key=lambda node: TABLES.index(node.kind))
    edges = {
        (tables.get(source) or Node(Kind.QUERY, source), tables[name]): source in read
        for name, table in company.tables.items()
        for read in [_read(table)]
        for source in sorted(table.inputs)
    }
    if company.report:
        nodes += _nodes_of(company.report)
        edges |= dict.fromkeys(_counted(company.report, company.tables, tables), False)
        edges |= dict.fromkeys(_edges_of(company, company.report, tables), True)
    _check_order(edges)
    return Lineage(tuple(nodes), edges, _folders(company.report) if company.report else {})


def _read(table: TableFile) -> set[str]:
    """Name what a table's functions read."""
    return {name for function in (table.build, *table.partials) for name in function.parameters} - {NIGHT}


def _nodes_of(report: Report) -> Iterator[Node]:
    yield from (Node(Kind.VIEW, name) for name in report.views)
    yield from (Node(Kind.MEASURE, name) for name in report.measures)
    yield from (Node(Kind.PAGE, page.name) for page in report.pages)


def _folders(report: Report) -> dict[Node, tuple[Node, ...]]:
    folders: dict[Node, tuple[Node, ...]] = {}
    for measure in report.measures.values():
        folder = Node(Kind.FOLDER, measure.folder)
        folders[folder] = (*folders.get(folder, ()), Node(Kind.MEASURE, measure.name))
    return folders


def _edges_of(company: Company, report: Report, tables: Mapping[str, Node]) -> Iterator[tuple[Node, Node]]:
    known = dict(tables) | {name: Node(Kind.VIEW, name) for name in report.views}
    for view in report.views.values():
        target = known[view.name]
        yield _known(view.like, tables, f"view {view.name}"), target
        named = [*tables_in_sql(view.sql, tables), *(name.partition(".")[0] for name in view.where if "." in name)]
        yield from ((tables[name], target) for name in named if name in tables)
    for measure in report.measures.values():
        target = Node(Kind.MEASURE, measure.name)
        yield from ((source, target) for source in _sources_of(measure, company, report, known) if source != target)
    for page in report.pages:
        target = Node(Kind.PAGE, page.name)
        yield from ((Node(Kind.MEASURE, name), target) for visual in page.visual for name in visual.named)
        for column in columns_of(page):
            yield _known(column.partition(".")[0], tables, f"page {page.name}"), target


def _counted(report: Report, star: Mapping[str, TableFile], tables: Mapping[str, Node]) -> Iterator[tuple[Node, Node]]:
    """Return the tables whose rows a measure counts."""
    counting = [
        Node(Kind.MEASURE, measure.name) for measure in report.measures.values() if ROWS_OF_ALL in (measure.dax or "")
    ]
    yield from ((tables[name], measure) for measure in counting for name in star)


def columns_of(page: Page) -> list[str]:
    """Name the columns that a page chooses and shows by, as "table.column"."""
    return list(dict.fromkeys([*page.slicers, *(visual.by for visual in page.visual if visual.by)]))


def _sources_of(measure: Measure, company: Company, report: Report, known: Mapping[str, Node]) -> Iterator[Node]:
    """Return what a measure is made of, in SQL and in DAX."""
    tables = {name: node for name, node in known.items() if node.kind in TABLES}
    if measure.of:
        yield _known(measure.of, known, f"measure [{measure.name}]")
    sql, dax = said_in_sql(measure, report, company.contracts), dax_of(measure, report, company.contracts)
    yield from (Node(Kind.MEASURE, name) for name in measure.made_of)
    yield from (tables[name] for name in tables_in_sql(sql, tables))
    yield from (tables[name] for name in tables_in_dax(dax, tables))
    yield from (Node(Kind.MEASURE, name) for name in measures_in_dax(dax, report.measures))


def _known(name: str, known: Mapping[str, Node], where: str) -> Node:
    if name not in known:
        raise ContractError(f"{where}: there is no table or view {name}.", guess(name, known))
    return known[name]


def _check_order(edges: Mapping[tuple[Node, Node], bool]) -> None:
    sources: dict[Node, list[Node]] = {}
    for source, target in edges:
        sources.setdefault(target, []).append(source)
    try:
        TopologicalSorter(sources).prepare()
    except CycleError as error:
        names = " → ".join(f"[{node.name}]" for node in error.args[1])
        raise ContractError(f"These are made of each other: {names}.", "Remove one of these references.") from None
