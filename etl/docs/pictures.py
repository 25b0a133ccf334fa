"""What the pictures show: the whole flow, and what each folder's measures are made of."""

from collections.abc import Mapping
from dataclasses import dataclass

from etl.docs.lineage import TABLES, Kind, Lineage, Node

_KINDS = (*(Kind.QUERY, Kind.DIMENSION, Kind.FACT, Kind.RECORD, Kind.VIEW), Kind.FOLDER, Kind.PAGE)


@dataclass(frozen=True)
class Graph:
    """What is drawn. edges: what (first) something (second) is made of; False for what it only refers to."""

    nodes: tuple[Node, ...]
    edges: Mapping[tuple[Node, Node], bool]


def overview(lineage: Lineage) -> Graph:
    """Return the flow from the queries to the pages, measures by folder.

    Leaves out which columns pages filter by, and which rows measures count.
    """
    folder_by_measure = {measure: folder for folder, measures in lineage.folders.items() for measure in measures}
    edges: dict[tuple[Node, Node], bool] = {}
    for (source, target), firm in lineage.edges.items():
        ends = folder_by_measure.get(source, source), folder_by_measure.get(target, target)
        if (ends[0].kind is Kind.FOLDER) == (ends[1].kind is Kind.PAGE) and (firm or ends[1].kind in TABLES):
            edges[ends] = edges.get(ends, False) or firm
    every = (*lineage.nodes, *lineage.folders)
    return Graph(tuple(node for kind in _KINDS for node in every if node.kind is kind), edges)


def of_folder(folder: Node, lineage: Lineage) -> Graph:
    """Return what the measures of a folder are directly made of."""
    measures = lineage.folders[folder]
    edges = {ends: firm for ends, firm in lineage.edges.items() if firm and ends[1] in measures}
    sources = {source for source, _ in edges}
    return Graph(tuple(node for node in lineage.nodes if node in sources or node in measures), edges)
