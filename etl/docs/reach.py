"""Where something comes from and where it goes, in words: "who breaks if this changes"."""

from collections.abc import Iterator

from etl.docs.lineage import TABLES, Kind, Lineage, Node
from etl.docs.parts import Line, To, counted, links, listed

_GROUPS = (
    ("query", (Kind.QUERY,)),
    ("table", TABLES),
    ("view", (Kind.VIEW,)),
    ("measure", (Kind.MEASURE,)),
    ("page", (Kind.PAGE,)),
)


def made_of(node: Node, lineage: Lineage) -> Iterator[tuple[str, Line]]:
    """Return what something is made of: directly, and of which tables and queries in the end."""
    sources, behind = lineage.sources[node], lineage.behind(node)
    if sources and node.kind is not Kind.PAGE:
        yield "Made of", links(sources)
    if references := lineage.references(node):
        yield "Refers to", links(references)
    if tables := tuple(n for n in behind if n.kind in (*TABLES, Kind.VIEW) and n not in sources):
        yield "Tables and views behind", links(tables)
    if queries := tuple(n for n in behind if n.kind is Kind.QUERY and n not in sources):
        yield "Queries behind", links(queries)


def beyond(node: Node, lineage: Lineage) -> Iterator[tuple[str, Line]]:
    """Return what is made of something: directly, and all that a change of it may break."""
    uses, reached = lineage.uses[node], lineage.beyond(node)
    referring = {other for n in (node, *reached) for other in lineage.referring(n) if other not in reached}
    if keys := tuple(other for other in lineage.of(*TABLES) if other in referring):
        yield "Keys of it in", links(keys)
    if counting := tuple(other for other in lineage.referring(node) if other.kind is Kind.MEASURE):
        yield "Rows counted by", links(counting)
    if uses or not keys:
        yield "Used by", _grouped(uses, lineage) if uses else ("nothing in this dictionary",)
    if len(reached) > len(uses):
        yield "A change reaches", _grouped(reached, lineage)


def _grouped(nodes: tuple[Node, ...], lineage: Lineage) -> Line:
    lines: list[Line] = []
    for word, kinds in _GROUPS:
        if group := tuple(node for node in nodes if node.kind in kinds):
            named = _measures(group, lineage) if word == "measure" else links(group)
            lines.append((f"{counted(len(group), word)}: ", *named))
    return listed(lines, "; ")


def _measures(group: tuple[Node, ...], lineage: Lineage) -> Line:
    """List measures; the folders of which all are meant are named instead of them."""
    lines: list[Line] = []
    for folder, members in lineage.folders.items():
        meant = tuple(node for node in members if node in group)
        if len(meant) > 2 and meant == members:
            lines.append((f"all {len(meant)} of ", To(folder)))
        elif meant:
            lines.append(links(meant))
    return listed(lines)
