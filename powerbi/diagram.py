"""The picture of the model in Desktop's model view: facts in a row in the middle, their dimensions above and below.

Without it Desktop heaps the tables. Microsoft publishes no schema of the file; it is as Desktop writes it.
"""

import json
from collections.abc import Iterator, Mapping, Sequence

from etl.contract.table import Contract
from etl.report.names import friendly
from powerbi.tmdl import Node

_NAME = "All tables"
_WIDTH, _LINE, _HEAD, _TALLEST = 234, 26, 90, 420
_BESIDE, _BETWEEN = 60, 110


def diagram(contracts: Mapping[str, Contract], tables: Sequence[Node]) -> str:
    """Write diagramLayout.json. tables: of the model, in TMDL."""
    by_name = {node.name: node for node in tables}
    rows = list(_rows(contracts, list(by_name)))
    widest = max(len(row) for row in rows)
    nodes: list[dict[str, object]] = []
    top = 0
    for row in rows:
        left = (widest - len(row)) * (_WIDTH + _BESIDE) // 2
        heights = [_height(by_name[name]) for name in row]
        for number, (name, height) in enumerate(zip(row, heights, strict=True)):
            place = {"x": left + number * (_WIDTH + _BESIDE), "y": top}
            nodes.append(_node(by_name[name], place, height, len(nodes)))
        top += max(heights) + _BETWEEN
    return json.dumps(_whole(nodes), indent=2, ensure_ascii=False) + "\n"


def _rows(contracts: Mapping[str, Contract], names: Sequence[str]) -> Iterator[list[str]]:
    """Give the tables row by row: what is related to dimensions alone is outside, what is related to nothing below."""
    facts = [name for name, contract in contracts.items() if not contract.is_dimension and contract.relationships]
    inner = _dimensions_of(contracts, facts)
    outer = [name for name in _dimensions_of(contracts, inner) if name not in inner]
    related = [*facts, *inner, *outer]
    others = [name for name in names if name not in {friendly(each) for each in related}]
    rows = [outer[::2], inner[::2], facts, inner[1::2], outer[1::2]]
    yield from ([friendly(name) for name in row] for row in rows if row)
    if others:
        yield others


def _dimensions_of(contracts: Mapping[str, Contract], tables: Sequence[str]) -> list[str]:
    """Name the dimensions that tables refer to, those that most of them refer to first."""
    referred = [column.dimension for name in tables for column in contracts[name].relationships]
    return sorted(dict.fromkeys(referred), key=lambda name: -referred.count(name))


def _height(table: Node) -> int:
    """Return a height that shows most of a table's columns and measures."""
    shown = [node for node in table.children if node.kind in ("column", "measure", "hierarchy")]
    return min(_HEAD + _LINE * len(shown), _TALLEST)


def _node(table: Node, place: Mapping[str, int], height: int, number: int) -> dict[str, object]:
    return {
        "location": place,
        "nodeIndex": table.name,
        "nodeLineageTag": table.properties["lineageTag"],
        "size": {"height": height, "width": _WIDTH},
        "zIndex": number,
    }


def _whole(nodes: list[dict[str, object]]) -> dict[str, object]:
    drawn: dict[str, object] = {
        "ordinal": 0,
        "scrollPosition": {"x": 0, "y": 0},
        "nodes": nodes,
        "name": _NAME,
        "zoomValue": 60,
        "pinKeyFieldsToTop": False,
        "showExtraHeaderInfo": False,
        "hideKeyFieldsWhenCollapsed": False,
        "tablesLocked": False,
    }
    return {"version": "1.1.0", "diagrams": [drawn], "selectedDiagram": _NAME, "defaultDiagram": _NAME}
