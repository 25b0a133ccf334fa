"""TMDL, the text of semantic models: written as Microsoft's serializer writes it, and read again for the checks.

Source: https://learn.microsoft.com/analysis-services/tmdl/tmdl-overview
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_PLAIN = re.compile(r"[\w-]+", re.ASCII)
_DECLARATION = re.compile(r"((?:ref )?\w+)(?: ('(?:[^']|'')*'|[^\s=]+))?(?: =(?: (.*))?)?")
_PROPERTY = re.compile(r"(\w+):(?: (.*))?")
_FLAG = re.compile(r"(\w+)")
_NAMELESS = ("refreshPolicy", "dataAccessOptions")
"""Objects without a name, which are no flags."""

_EXPRESSIONS = {"source": 3, "sourceExpression": 2}
"""Properties that are expressions: how much deeper than the object their lines are."""


class TmdlError(ValueError):
    """The text is no TMDL; the message names the line."""


@dataclass
class Node:
    """An object: `kind name = expression`, below it its properties (True is a bare word), and other objects."""

    kind: str
    name: str = ""
    expression: str | None = None
    description: str = ""
    properties: dict[str, str | bool] = field(default_factory=dict)
    children: list["Node"] = field(default_factory=list)

    def of(self, kind: str) -> Iterator["Node"]:
        """Return the children of a kind."""
        return (child for child in self.children if child.kind == kind)


def quoted(name: str) -> str:
    """Write a name as a declaration needs it."""
    return name if _PLAIN.fullmatch(name) else "'" + name.replace("'", "''") + "'"


def unquoted(name: str) -> str:
    """Read a name of a declaration."""
    return name[1:-1].replace("''", "'") if name.startswith("'") else name


def written(nodes: list[Node]) -> str:
    """Write a document."""
    text, before = "", ""
    for node in nodes:
        if node.kind == before and node.kind.startswith("ref "):  # a list, without blank lines
            text = text.removesuffix("\n")
        text += "\n".join(_lines(node, 0)) + "\n\n"
        before = node.kind
    return text


def _lines(node: Node, depth: int) -> Iterator[str]:
    indent = "\t" * depth
    yield from (f"{indent}/// {line}" for line in node.description.splitlines())
    head = f"{indent}{node.kind}" + (f" {quoted(node.name)}" if node.name else "")
    yield from _with_expression(head, node.expression, depth + 2)
    for name, value in node.properties.items():
        if value is True:
            yield f"{indent}\t{name}"
        elif name in _EXPRESSIONS:
            yield from _with_expression(f"{indent}\t{name}", str(value), depth + _EXPRESSIONS[name])
        else:
            yield f"{indent}\t{name}: {value}"
    for child in node.children:
        if child.kind != "dataAccessOptions":
            yield ""
        yield from _lines(child, depth + 1)


def _with_expression(head: str, expression: str | None, depth: int) -> Iterator[str]:
    if expression is None:
        yield head
    elif "\n" not in expression:
        yield f"{head} = {expression}"
    else:
        yield f"{head} ="
        yield from (("\t" * depth + line).rstrip() for line in expression.splitlines())


def read(text: str) -> list[Node]:
    """Read a document. Raises TmdlError where its indentation or a line is none of TMDL's."""
    top: list[Node] = []
    path: list[Node] = []
    description: list[str] = []
    block: tuple[Node, str | None, int] | None = None
    for number, line in enumerate(text.splitlines(), 1):
        depth = len(line) - len(line.lstrip("\t"))
        content = line.strip()
        if block and (not content or depth > block[2]):
            _add_line(block, line)
            continue
        block = None
        if not content:
            continue
        if content.startswith("///"):
            description.append(content[3:].strip())
            continue
        if line[depth] == " " or depth > len(path):
            raise TmdlError(f"line {number}: {content!r} is indented by {depth} tabs, where {len(path)} is the most")
        del path[depth:]
        owner = path[-1] if path else None
        found = _FLAG.fullmatch(content) if owner else None
        pair = _PROPERTY.fullmatch(content)
        if owner and pair:
            owner.properties[pair[1]] = pair[2] or ""
        elif owner and found and not content[0].isupper() and content not in _NAMELESS:
            owner.properties[content] = True
        elif owner and (head := re.fullmatch(r"(source|sourceExpression) =(?: (.*))?", content)):
            owner.properties[head[1]] = head[2] or ""
            block = (owner, head[1], depth + _EXPRESSIONS[head[1]] - 2) if head[2] is None else None
        elif declared := _DECLARATION.fullmatch(content):
            node = Node(declared[1], unquoted(declared[2] or ""), declared[3], "\n".join(description))
            if content.endswith(" ="):
                node.expression = ""
                block = (node, None, depth + 1)
            (owner.children if owner else top).append(node)
            path.append(node)
        else:
            raise TmdlError(f"line {number}: {content!r} is neither an object nor a property")
        description = []
    return top


def _add_line(block: tuple[Node, str | None, int], line: str) -> None:
    node, name, depth = block
    text = line.removeprefix("\t" * (depth + 1))
    if name is None:
        node.expression = f"{node.expression}\n{text}" if node.expression else text
    else:
        before = str(node.properties[name])
        node.properties[name] = f"{before}\n{text}" if before else text
