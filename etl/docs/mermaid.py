"""The pictures as Mermaid, which GitHub draws."""

import re

from etl.contract.column import Role
from etl.contract.table import Contract
from etl.docs.company import Company
from etl.docs.lineage import Kind
from etl.docs.pictures import Graph

_SHAPES = {
    Kind.QUERY: '[("{}")]',
    Kind.DIMENSION: '("{}")',
    Kind.FACT: '["{}"]',
    Kind.RECORD: '["{}"]',
    Kind.VIEW: '(["{}"])',
    Kind.MEASURE: '>"{}"]',
    Kind.FOLDER: '[["{}"]]',
    Kind.PAGE: '[/"{}"/]',
}
_SPECIAL = re.compile(r'[#&<>"`\\]')


def flowchart(graph: Graph) -> str:
    """Write a graph."""
    numbers = {node: f"n{number}" for number, node in enumerate(graph.nodes)}
    lines = ["flowchart LR"]
    lines += [f"  {number}{_SHAPES[node.kind].format(_text(node.name))}" for node, number in numbers.items()]
    for (source, target), firm in graph.edges.items():
        lines.append(f"  {numbers[source]} {'-->' if firm else '-.->'} {numbers[target]}")
    return "\n".join(lines)


def star(company: Company) -> str:
    """Write facts and dimensions with their keys and the references between them; an inactive one is dotted."""
    every = [table.contract for table in company.tables.values()]
    lines = ["erDiagram"]
    for contract in every:
        for column in contract.references:
            line = "}o--||" if column.is_active else "}o..||"
            said = column.name if column.is_active else f"{column.name} (inactive)"
            lines.append(f'  {contract.name} {line} {column.dimension} : "{_text(said)}"')
    return "\n".join([*lines, *(_entity(contract) for contract in every)])


def _entity(contract: Contract) -> str:
    keys = [column for column in contract.columns if column.name in contract.primary_key or _is_key(column.role)]
    lines = []
    for column in keys:
        kinds = ["PK"] if column.name in contract.primary_key else ["UK"] if column.role is Role.NATURAL_KEY else []
        kinds += ["FK"] if column.role is Role.REFERENCE else []
        kind = re.sub(r"\W.*", "", column.type_name)
        lines.append(f"    {kind} {column.name} {', '.join(kinds)}")
    return "\n".join([f"  {contract.name} {{", *lines, "  }"])


def _is_key(role: Role) -> bool:
    return role in (Role.SURROGATE_KEY, Role.NATURAL_KEY, Role.REFERENCE)


def _text(text: str) -> str:
    """Write what Mermaid would read as its own as numbers."""
    return _SPECIAL.sub(lambda match: f"#{ord(match[0])};", " ".join(text.split()))
