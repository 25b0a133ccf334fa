"""What the pictures show: the whole flow, and what each folder's measures are made of."""

from collections.abc import Iterable, Mapping

from etl.docs.graph import Edge, Graph
from etl.docs.lineage import TABLES, Kind, Lineage, Node

_HEADINGS = {
    Kind.QUERY: "queries",
    Kind.DIMENSION: "dimensions",
    Kind.FACT: "facts",
    Kind.VIEW: "views",
    Kind.FOLDER: "measures",
    Kind.PAGE: "pages",
}
Columns = list[tuple[str, tuple[Node, ...]]]


def overview(lineage: Lineage) -> Graph:
    """Draw the flow from the queries to the pages, measures by folder.

    Left out is what pages choose by, and of what rows are counted.
    """
    folder_of = {measure: folder for folder, measures in lineage.folders.items() for measure in measures}
    edges: dict[tuple[Node, Node], bool] = {}
    for (source, target), firm in lineage.edges.items():
        ends = folder_of.get(source, source), folder_of.get(target, target)
        if (ends[0].kind is Kind.FOLDER) == (ends[1].kind is Kind.PAGE) and (firm or ends[1].kind in TABLES):
            edges[ends] = edges.get(ends, False) or firm
    columns: Columns = []
    for kind, heading in _HEADINGS.items():
        kinds = (Kind.FACT, Kind.RECORD) if kind is Kind.FACT else (kind,)
        nodes = tuple(lineage.folders) if kind is Kind.FOLDER else lineage.of(*kinds)
        columns += _by_depth(heading, nodes, edges)
    about = "What each is made of, from left to right; a dashed line is a reference alone."
    return Graph("From the queries to the pages", about, tuple(columns), _edges(edges))


def of_folder(folder: Node, lineage: Lineage) -> Graph:
    """Draw what the measures of a folder are directly made of."""
    measures = lineage.folders[folder]
    edges = {ends: firm for ends, firm in lineage.edges.items() if firm and ends[1] in measures}
    sources = tuple(node for node in lineage.nodes if any(source == node for source, _ in edges))
    others = tuple(node for node in sources if node.kind is Kind.MEASURE and node not in measures)
    columns: Columns = []
    columns += _by_depth("tables", tuple(n for n in sources if n.kind in TABLES), {})
    columns += _by_depth("views", tuple(n for n in sources if n.kind is Kind.VIEW), {})
    columns += _by_depth("other measures", others, {})
    columns += _by_depth(f"measures of {folder.name}", measures, edges)
    about = "What each measure is directly made of, from left to right."
    return Graph(f"Measures of {folder.name}", about, tuple(columns), _edges(edges))


def _by_depth(heading: str, nodes: tuple[Node, ...], edges: Iterable[tuple[Node, Node]]) -> Columns:
    """Put nodes into as many columns as it takes for edges among them to go from one to a later one."""
    sources: dict[Node, list[Node]] = {}
    for source, target in edges:
        if source in nodes and target in nodes:
            sources.setdefault(target, []).append(source)
    depths: dict[Node, int] = {}
    for node in nodes:
        _depth(node, sources, depths)
    layers = sorted(set(depths.values()))
    return [("" if layer else heading, tuple(node for node in nodes if depths[node] == layer)) for layer in layers]


def _depth(node: Node, sources: Mapping[Node, list[Node]], known: dict[Node, int]) -> int:
    if node not in known:
        known[node] = max((_depth(source, sources, known) + 1 for source in sources.get(node, [])), default=0)
    return known[node]


def _edges(edges: Mapping[tuple[Node, Node], bool]) -> tuple[Edge, ...]:
    return tuple(Edge(source, target, firm) for (source, target), firm in edges.items())
