"""The star as a picture: facts on the left, the dimensions that they refer to on the right, and lines between them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from etl.docs.company import Company
from etl.docs.lineage import Kind, Node, table_node
from etl.report.names import friendly

_HEIGHT, _SPACE = 54, 16
"""Of a table, and between two of them."""
_BETWEEN = 170
"""From one column of tables to the next."""
_LETTER, _CODE = 10.2, 8
"""How wide a letter of a name is at most, and one of code."""
_PADDING, _MARGIN = 14, 6
_HUES = 6
_SWEEPS = 4


@dataclass(frozen=True)
class Star:
    """What is drawn. tables: facts, then dimensions; lines: who refers to whom, False where by inactive references."""

    tables: tuple[Node, ...]
    lines: Mapping[tuple[Node, Node], bool]


@dataclass
class _Box:
    node: Node
    layer: int
    left: float = 0
    top: float = 0
    width: float = 0

    @property
    def middle(self) -> float:
        return self.top + _HEIGHT / 2


def star_of(company: Company) -> Star:
    """Return the tables of a company's star with the references between them."""
    every = [table.contract for table in company.tables.values()]
    nodes = {contract.name: table_node(contract, company.tables) for contract in every}
    lines: dict[tuple[Node, Node], bool] = {}
    for contract in every:
        for column in contract.relationships:
            ends = nodes[contract.name], nodes[column.dimension]
            lines[ends] = lines.get(ends, False) or column.is_active
    return Star(tuple(sorted(nodes.values(), key=lambda node: node.kind is not Kind.FACT)), lines)


def svg(star: Star, anchors: Mapping[Node, str]) -> str:
    """Draw a star. anchors: where each table is explained."""
    boxes = _placed(star)
    width = max((box.left + box.width for box in boxes.values()), default=0) + _MARGIN
    height = max((box.top + _HEIGHT for box in boxes.values()), default=0) + _MARGIN
    inside = [*_curves(star, boxes), *(_table(box, anchors[box.node]) for box in boxes.values())]
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    return f'<svg class="star" {size} role="group" aria-label="The star">\n' + "\n".join(inside) + "\n</svg>\n"


def _placed(star: Star) -> dict[Node, _Box]:
    """Give each table its place: in columns by how far it is from the facts, near to what it is tied to."""
    boxes = {node: _Box(node, layer) for node, layer in _layers(star).items()}
    columns: list[list[_Box]] = [[] for _ in range(1 + max((box.layer for box in boxes.values()), default=0))]
    for box in boxes.values():
        box.width = 2 * _PADDING + max(_LETTER * len(friendly(box.node.name)), _CODE * len(box.node.name))
        columns[box.layer].append(box)
    tallest, left = max(map(len, columns)), float(_MARGIN)
    for column in columns:
        widest = max((box.width for box in column), default=0)
        for box in column:
            box.left, box.width = left, widest
        _stack(column, tallest)
        left += widest + _BETWEEN
    for sweep in range(_SWEEPS):
        for column in columns[:: 1 if sweep % 2 else -1]:
            column.sort(key=lambda box: _pull(box, star, boxes))
            _stack(column, tallest)
    return boxes


def _stack(column: Sequence[_Box], tallest: int) -> None:
    """Put tables below each other, with the same room above and below."""
    spare = (tallest - len(column)) * (_HEIGHT + _SPACE)
    for place, box in enumerate(column):
        box.top = _MARGIN + place * (_HEIGHT + _SPACE) + spare * (place + 1) / (len(column) + 1)


def _pull(box: _Box, star: Star, boxes: Mapping[Node, _Box]) -> float:
    """Return the mean height of what a table is tied to."""
    ends = [boxes[other].top for pair in star.lines if box.node in pair for other in pair if other != box.node]
    return sum(ends) / len(ends) if ends else box.top


def _layers(star: Star) -> dict[Node, int]:
    """Return how many references each table is from the facts at most; dimensions that nothing refers to are near."""
    layers = {node: 0 if node.kind is Kind.FACT else 1 for node in star.tables}
    for _ in star.tables:
        for start, end in star.lines:
            if end.kind is not Kind.FACT:
                layers[end] = min(max(layers[end], layers[start] + 1), len(star.tables))
    return layers


def _curves(star: Star, boxes: Mapping[Node, _Box]) -> Iterator[str]:
    """Draw the lines, each from its own place at the edge of the one table to its own at the other's."""
    facts = [node for node in star.tables if node.kind is Kind.FACT]
    for (start, end), is_active in star.lines.items():
        one, other = boxes[start], boxes[end]
        x0, y0 = one.left + one.width, one.top + _port(start, end, star, boxes)
        x1, y1 = other.left, other.top + _port(end, start, star, boxes)
        bend = (x1 - x0) / 2
        hue = f"hue{facts.index(start) % _HUES}" if start in facts else "snow"
        path = f"M{x0:.0f} {y0:.1f}C{x0 + bend:.0f} {y0:.1f} {x1 - bend:.0f} {y1:.1f} {x1:.0f} {y1:.1f}"
        ends = f'data-ends="{escape(start.name)} {escape(end.name)}"'
        yield f'<path class="{hue}{"" if is_active else " inactive"}" {ends} d="{path}"/>'


def _port(node: Node, other: Node, star: Star, boxes: Mapping[Node, _Box]) -> float:
    """Return where at a table's edge the line to another one ends: in the order of the others' heights."""
    on_right = any(pair == (node, other) for pair in star.lines)
    pairs = [pair for pair in star.lines if node == pair[0 if on_right else 1]]
    others = sorted((pair[1 if on_right else 0] for pair in pairs), key=lambda each: boxes[each].middle)
    return _HEIGHT * (others.index(other) + 1) / (len(others) + 1)


def _table(box: _Box, anchor: str) -> str:
    name, kind = escape(box.node.name), box.node.kind.value
    x, lines = f"{box.left + _PADDING:.0f}", (box.top + 23, box.top + 42)
    return (
        f'<a href="#{escape(anchor)}" data-table="{name}">'
        f'<rect class="{kind}" x="{box.left:.0f}" y="{box.top:.1f}" width="{box.width:.0f}" height="{_HEIGHT}" rx="6"/>'
        f'<text class="name" x="{x}" y="{lines[0]:.1f}">{escape(friendly(box.node.name))}</text>'
        f'<text class="code" x="{x}" y="{lines[1]:.1f}">{name}</text></a>'
    )
