"""A graph as SVG: readable without colours, every name a link, told to screen readers by title and description.

What is pointed at, or reached by Tab, is shown with all that it is made of and all that is made of it, by CSS alone:
the node of number 7 has the class n7, and what is on a way through it w7.
"""

from collections.abc import Mapping

from markupsafe import Markup

from etl.docs.graph import BOX, Graph, placed
from etl.docs.lineage import Node

_WHOLE = Markup(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
    'role="group" aria-labelledby="{name}-title {name}-desc">\n'
    '<title id="{name}-title">{title}</title>\n<desc id="{name}-desc">{about}</desc>\n{parts}\n</svg>'
)
_HEAD = Markup('<text class="head" x="{x}" y="16">{text}</text>')
_PATH = Markup('<path class="{names}" d="{way}"/>')
_BOX = Markup(
    '<a href="#{anchor}" class="node {kind} {names}"><rect x="{x}" y="{y}" width="{width}" height="{height}" rx="4"/>'
    '<text x="{text_x}" y="{text_y}">{text}</text></a>'
)


def drawn(graph: Graph, name: str, anchors: Mapping[Node, str]) -> Markup:
    """Draw a graph. name: of the picture, unique in the document; anchors: where each node's name links to."""
    place = placed(graph)
    ways = _ways(graph)
    parts = [_HEAD.format(x=left, text=heading) for heading, left in place.heads if heading]
    numbers = {node: number for number, node in enumerate(graph.nodes)}
    for edge, points in place.paths:
        ends = {numbers[edge.source], numbers[edge.target]}
        through = ways[edge.source] & ways[edge.target] if edge.firm else ends
        parts.append(_PATH.format(names=_classes(through, "" if edge.firm else "loose"), way=_way(points)))
    for box in place.boxes:
        pairs = [(edge.source, edge.target) for edge in graph.edges if box.node in (edge.source, edge.target)]
        shown = ways[box.node] | {numbers[node] for pair in pairs for node in pair}
        parts.append(
            _BOX.format(
                anchor=anchors[box.node],
                kind=box.node.kind.value,
                names=_classes(shown, f"n{numbers[box.node]}"),
                x=box.left,
                y=box.top,
                width=box.width,
                height=BOX,
                text_x=box.left + 7,
                text_y=box.top + 14,
                text=box.node.name,
            )
        )
    return _WHOLE.format(
        width=place.width,
        height=place.height,
        name=name,
        title=graph.title,
        about=graph.about,
        parts=Markup("\n").join(parts),
    )


def highlighting(nodes: int) -> str:
    """Give the CSS that shows the ways through what is pointed at, for graphs of so many nodes at most."""
    touched = ":is(:hover,:focus-visible)"
    return "\n".join(f"svg:has(.n{n}{touched}) .w{n}{{opacity:1}}" for n in range(nodes))


def _ways(graph: Graph) -> dict[Node, set[int]]:
    """Number the nodes on a way through each: itself, what it is made of and what is made of it."""
    firm = [(edge.source, edge.target) for edge in graph.edges if edge.firm]
    back = _reach(graph.nodes, firm)
    forth = _reach(graph.nodes[::-1], [(target, source) for source, target in firm])
    numbers = {node: number for number, node in enumerate(graph.nodes)}
    return {node: {numbers[other] for other in back[node] | forth[node]} for node in graph.nodes}


def _reach(nodes: tuple[Node, ...], edges: list[tuple[Node, Node]]) -> dict[Node, set[Node]]:
    """Give all from which edges lead to each node, itself included. nodes: each behind those."""
    sources: dict[Node, list[Node]] = {}
    for source, target in edges:
        sources.setdefault(target, []).append(source)
    reached: dict[Node, set[Node]] = {}
    for node in nodes:
        reached[node] = {node}.union(*(reached[source] for source in sources.get(node, [])))
    return reached


def _classes(ways: set[int], first: str) -> str:
    return " ".join(([first] if first else []) + [f"w{number}" for number in sorted(ways)])


def _way(points: tuple[tuple[int, int], ...]) -> str:
    """Curve from column to column, and go straight within one."""
    (x, y), *rest = points
    way = [f"M{x} {y}"]
    for number, (to_x, to_y) in enumerate(rest):
        middle = (x + to_x) // 2
        way.append(f"H{to_x}" if number % 2 else f"C{middle} {y} {middle} {to_y} {to_x} {to_y}")
        x, y = to_x, to_y
    return "".join(way)
