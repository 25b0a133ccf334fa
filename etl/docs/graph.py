"""A layered graph and where its parts are drawn: columns from left to right, edges bent around what is between.

The order within a column is that of the neighbours' middle, swept to and fro (Sugiyama's way). Edges that pass a column
have a place of their own there, so that they run beside the names and not through them; those of one node share it.
"""

import unicodedata
from dataclasses import dataclass
from itertools import pairwise

from etl.docs.lineage import Node

ROW, BEND = 26, 9
"""Heights: of a name's box with the room around it, and of a passing edge."""
BOX = 20
_CHARACTER, _PADDING, _GAP, _TOP, _MARGIN = 7, 14, 54, 34, 4
_SWEEPS = 24


@dataclass(frozen=True)
class Edge:
    """What (source) something (target) is made of. firm: not merely referred to."""

    source: Node
    target: Node
    firm: bool = True


@dataclass(frozen=True)
class Graph:
    """What is drawn. columns: headings and nodes, each edge going from one to a later one."""

    title: str
    about: str
    columns: tuple[tuple[str, tuple[Node, ...]], ...]
    edges: tuple[Edge, ...]

    @property
    def nodes(self) -> tuple[Node, ...]:
        """All nodes."""
        return tuple(node for _, nodes in self.columns for node in nodes)


@dataclass(frozen=True)
class Box:
    """A node's place: left and top, in pixels."""

    node: Node
    left: int
    top: int
    width: int


@dataclass(frozen=True)
class Place:
    """A drawn graph. heads: the columns' headings with their left; paths: of each edge the points that it passes."""

    width: int
    height: int
    heads: tuple[tuple[str, int], ...]
    boxes: tuple[Box, ...]
    paths: tuple[tuple[Edge, tuple[tuple[int, int], ...]], ...]


_Item = Node | tuple[Node, bool, int]
"""What has a place in a column: a node, or the firm or loose edges of a node that pass the column of that number."""


def placed(graph: Graph) -> Place:
    """Find a place for everything."""
    chains = _chains(graph)
    layers = _layers(graph, chains)
    before, after = _neighbours(layers, chains)
    order: dict[_Item, float] = {}
    for layer in layers:
        order |= _shares(layer)
    for sweep in range(_SWEEPS):
        onwards = sweep % 2 == 0
        for layer in layers if onwards else reversed(layers):
            _sort(layer, before if onwards else after, order)
    middles = {item: y for layer in layers for item, y in zip(layer, _stacked([0.0] * len(layer), layer), strict=True)}
    for sweep in range(_SWEEPS):
        near = (before, after, {item: [*before[item], *after[item]] for item in before})[sweep % 3]
        for layer in layers:
            wanted = [_mean([middles[other] for other in near[item]], middles[item]) for item in layer]
            middles |= zip(layer, _stacked(wanted, layer), strict=True)
    return _drawn(graph, chains, middles)


def _chains(graph: Graph) -> dict[Edge, list[_Item]]:
    """Give what each edge passes, from column to column."""
    column = {node: number for number, (_, nodes) in enumerate(graph.columns) for node in nodes}
    return {
        edge: [
            edge.source,
            *((edge.source, edge.firm, passed) for passed in range(column[edge.source] + 1, column[edge.target])),
            edge.target,
        ]
        for edge in graph.edges
    }


def _layers(graph: Graph, chains: dict[Edge, list[_Item]]) -> list[list[_Item]]:
    layers: list[list[_Item]] = [list(nodes) for _, nodes in graph.columns]
    for item in dict.fromkeys(item for chain in chains.values() for item in chain):
        if isinstance(item, tuple):
            layers[item[-1]].append(item)
    return layers


def _neighbours(
    layers: list[list[_Item]], chains: dict[Edge, list[_Item]]
) -> tuple[dict[_Item, list[_Item]], dict[_Item, list[_Item]]]:
    before: dict[_Item, list[_Item]] = {item: [] for layer in layers for item in layer}
    after: dict[_Item, list[_Item]] = {item: [] for item in before}
    for left, right in dict.fromkeys(step for chain in chains.values() for step in pairwise(chain)):
        before[right].append(left)
        after[left].append(right)
    return before, after


def _sort(layer: list[_Item], near: dict[_Item, list[_Item]], order: dict[_Item, float]) -> None:
    """Sort a column by the middle of its neighbours; what has none stays where it is."""
    layer.sort(key=lambda item: _mean([order[other] for other in near[item]], order[item]))
    order |= _shares(layer)


def _shares(layer: list[_Item]) -> dict[_Item, float]:
    """Say how far down in its column each item stands."""
    return {item: (number + 0.5) / len(layer) for number, item in enumerate(layer)}


def _mean(values: list[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _stacked(wanted: list[float], layer: list[_Item]) -> list[float]:
    """Move middles apart as far as needed, as little as possible: half way between pushed down and pushed up."""
    heights = [ROW if isinstance(item, Node) else BEND for item in layer]
    room = [(a + b) / 2 for a, b in pairwise(heights)]
    down, up = list(wanted), list(wanted)
    for i, apart in enumerate(room):
        down[i + 1] = max(down[i + 1], down[i] + apart)
    for i, apart in reversed(list(enumerate(room))):
        up[i] = min(up[i], up[i + 1] - apart)
    return [(a + b) / 2 for a, b in zip(down, up, strict=True)]


def _drawn(graph: Graph, chains: dict[Edge, list[_Item]], middles: dict[_Item, float]) -> Place:
    y = _without_gaps(middles)
    boxes: dict[Node, Box] = {}
    spans, heads, left = [], [], _MARGIN
    for heading, nodes in graph.columns:
        width = max(map(text_width, (heading, *(node.name for node in nodes)))) + _PADDING
        boxes |= {node: Box(node, left, y[node] - BOX // 2, width) for node in nodes}
        spans.append((left, left + width))
        heads.append((heading, left))
        left += width + _GAP
    paths = []
    for edge, chain in chains.items():
        points = [(boxes[edge.source].left + boxes[edge.source].width, y[edge.source])]
        for item in chain[1:-1]:
            if isinstance(item, tuple):
                points += [(x, y[item]) for x in spans[item[-1]]]
        points.append((boxes[edge.target].left, y[edge.target]))
        paths.append((edge, tuple(points)))
    height = max(y.values(), default=0) + ROW // 2 + _MARGIN
    return Place(left - _GAP + _MARGIN, height, tuple(heads), tuple(boxes.values()), tuple(paths))


def _without_gaps(middles: dict[_Item, float]) -> dict[_Item, int]:
    """Begin below the headings, and draw together what is far apart although nothing is between."""
    y: dict[_Item, int] = {}
    last, here = 0.0, float(_TOP + ROW // 2)
    for item, middle in sorted(middles.items(), key=lambda found: found[1]):
        here += min(middle - last, 2 * ROW) if y else 0
        last, y[item] = middle, round(here)
    return y


def text_width(text: str) -> int:
    """Measure a text in a type of which all letters are equally wide; Chinese and the like take two."""
    return sum(_CHARACTER * (2 if unicodedata.east_asian_width(letter) in "WF" else 1) for letter in text)
