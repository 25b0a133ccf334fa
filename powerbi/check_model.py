"""The cross-reference check of the model: every table, column, measure and function that is named is there, and fits.

It reads the files as they are written, so that a fault by hand is found as well as one of the generator.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from powerbi.dax import FUNCTIONS, WORDS
from powerbi.tmdl import Node, TmdlError, read, unquoted

_COLUMN = re.compile(r"(?:'((?:[^']|'')+)'|\b([A-Za-z_]\w*))\[([^\]]+)\]")
_MEASURE = re.compile(r"(?<![\w'\]])\[([^\]@]+)\]")
_TABLE = re.compile(r"'((?:[^']|'')+)'(?!\[)|\b([A-Z][A-Za-z]*)\b(?!\s*[\[(])")
_FUNCTION = re.compile(r"\b([A-Za-z][A-Za-z0-9.]*)\s*\(")
_VARIABLE = re.compile(r"\bVAR\s+(\w+)", re.IGNORECASE)
_TEXT = re.compile(r'"(?:[^"]|"")*"|(?://|--)[^\n]*|/\*.*?\*/', re.DOTALL)
"""Texts and comments, which name nothing."""
_END = re.compile(r"('(?:[^']|'')+'|[\w-]+)\.('(?:[^']|'')+'|[\w-]+)")

_NEAR = 0.85
_RESERVED = frozenset({"measures", "measure", "calculations", "goal"})
"""Names of tables with which a model does not open, or not all of it works."""


@dataclass
class _Model:
    """What the files declare. columns: type by table and column; active: pairs of tables."""

    columns: dict[str, dict[str, str]] = field(default_factory=dict)
    measures: dict[str, Node] = field(default_factory=dict)
    calculated: list[tuple[str, Node]] = field(default_factory=list)
    tables: list[Node] = field(default_factory=list)
    relationships: list[Node] = field(default_factory=list)
    permissions: list[tuple[str, Node]] = field(default_factory=list)
    expressions: list[str] = field(default_factory=list)
    referred: list[str] = field(default_factory=list)


def faults_of_model(files: Mapping[str, str]) -> list[str]:
    """Say, a sentence each, what is wrong with the semantic model in the files of a project."""
    model, faults = _read(files)
    if faults:
        return faults
    return [
        *_faults_of_tables(model),
        *_faults_of_relationships(model),
        *_faults_of_paths(model),
        *(fault for name, node in model.measures.items() for fault in _faults_of_dax(f"measure [{name}]", node, model)),
        *(fault for role, node in model.permissions for fault in _faults_of_permission(role, node, model)),
        *(fault for name, node in model.calculated for fault in _faults_of_dax(f"column {name}", node, model)),
    ]


def columns_of_model(files: Mapping[str, str]) -> dict[str, Collection[str]]:
    """Name the columns of each table."""
    return {table: list(columns) for table, columns in _read(files)[0].columns.items()}


def measures_of_model(files: Mapping[str, str]) -> Collection[str]:
    """Name the measures."""
    return list(_read(files)[0].measures)


def _read(files: Mapping[str, str]) -> tuple[_Model, list[str]]:
    model, faults = _Model(), []
    for path, text in files.items():
        if not path.endswith(".tmdl"):
            continue
        try:
            nodes = read(text)
        except TmdlError as error:
            faults.append(f"{path}: {error}.")
            continue
        for node in nodes:
            _add(model, node)
    return model, faults


def _add(model: _Model, node: Node) -> None:
    if node.kind == "table":
        model.tables.append(node)
        model.columns[node.name] = {c.name: str(c.properties.get("dataType", "int64")) for c in node.of("column")}
        model.measures |= {measure.name: measure for measure in node.of("measure")}
        model.calculated += [(f"{node.name}[{c.name}]", c) for c in node.of("column") if c.expression]
    elif node.kind == "role":
        model.permissions += [(node.name, permission) for permission in node.of("tablePermission")]
    elif node.kind == "expression":
        model.expressions.append(node.name)
    elif node.kind == "relationship":
        model.relationships.append(node)
    elif node.kind == "ref table":
        model.referred.append(node.name)


def _faults_of_tables(model: _Model) -> Iterator[str]:
    yield from (
        f"model refers to the table {name}, which is not there." for name in set(model.referred) - set(model.columns)
    )
    yield from (f"model does not refer to the table {name}." for name in set(model.columns) - set(model.referred))
    yield from _faults_of_names(model)
    for table in model.tables:
        own = model.columns[table.name]
        for column in table.of("column"):
            sort = column.properties.get("sortByColumn")
            if sort and unquoted(str(sort)) not in own:
                yield f"{table.name}[{column.name}] is sorted by {sort}, which is not a column of the table."
        for level in (level for hierarchy in table.of("hierarchy") for level in hierarchy.of("level")):
            if unquoted(str(level.properties.get("column"))) not in own:
                yield f"{table.name}: the level {level.name} is not a column of the table."
        yield from _faults_of_source(table)


def _faults_of_names(model: _Model) -> Iterator[str]:
    """Find names that Power BI refuses, or takes for one, as it does not mind letter case."""
    for name in _twice([table.name for table in model.tables] + model.expressions):
        yield f"two tables or parameters are named {name}."
    for name in _twice([measure.name for table in model.tables for measure in table.of("measure")]):
        yield f"there are two measures [{name}]."
    for table in model.tables:
        if table.name.lower() in _RESERVED:
            yield f"a table cannot be named {table.name}: that is Power BI's."
        named = [child.name for kind in ("column", "measure", "hierarchy") for child in table.of(kind)]
        for name in _twice(named):
            yield f"{table.name}: two columns, measures or hierarchies are named {name}."


def _twice(names: list[str]) -> list[str]:
    folded = [name.lower() for name in names]
    return sorted({name for name in names if folded.count(name.lower()) > 1})


def _faults_of_source(table: Node) -> Iterator[str]:
    """Hold the columns against those that the table's query selects."""
    for partition in table.of("partition"):
        selected = re.search(r"Table\.SelectColumns\(\w+, \{([^}]*)\}", str(partition.properties.get("source")))
        if selected is None:
            continue
        names = set(re.findall(r'"([^"]+)"', selected[1]))
        wanted = {str(c.properties["sourceColumn"]) for c in table.of("column") if not c.expression}
        yield from (f"{table.name}: the query does not select {name}." for name in sorted(wanted - names))
        yield from (
            f"{table.name}: the query selects {name}, which is not a column." for name in sorted(names - wanted)
        )


def _faults_of_relationships(model: _Model) -> Iterator[str]:
    for node in model.relationships:
        ends = []
        for end in ("fromColumn", "toColumn"):
            match = _END.fullmatch(str(node.properties.get(end)))
            table, column = (unquoted(match[1]), unquoted(match[2])) if match else ("", "")
            kind = model.columns.get(table, {}).get(column)
            if kind is None:
                yield f"relationship {node.name}: {end} {node.properties.get(end)} is not there."
            ends.append(kind)
        if None not in ends and ends[0] != ends[1]:
            yield (
                f"relationship {node.name}: {node.properties['fromColumn']} is {ends[0]}, and"
                f" {node.properties['toColumn']} {ends[1]}."
            )


def _faults_of_paths(model: _Model) -> Iterator[str]:
    """Find pairs of tables between which filters could go two ways: Power BI refuses such a model."""
    edges: dict[str, list[str]] = {}
    for node in model.relationships:
        ends = [_END.fullmatch(str(node.properties.get(end))) for end in ("fromColumn", "toColumn")]
        if node.properties.get("isActive") != "false" and ends[0] and ends[1]:
            edges.setdefault(unquoted(ends[0][1]), []).append(unquoted(ends[1][1]))
    for start in edges:
        reached = _reached(start, edges)
        for table in sorted({name for name in reached if reached.count(name) > 1}):
            yield f"there are two active paths from {start} to {table}: make one of the relationships inactive."


def _reached(start: str, edges: Mapping[str, list[str]]) -> list[str]:
    return [name for target in edges.get(start, []) for name in (target, *_reached(target, edges))]


def _faults_of_permission(role: str, node: Node, model: _Model) -> Iterator[str]:
    if node.name not in model.columns:
        yield f"role {role}: there is no table {node.name}."
    yield from _faults_of_dax(f"role {role}", node, model)


def _faults_of_dax(where: str, node: Node, model: _Model) -> Iterator[str]:
    dax = _TEXT.sub('""', str(node.expression))
    if dax.count("(") != dax.count(")"):
        yield f"{where}: its brackets do not match."
    for match in _COLUMN.finditer(dax):
        table, column = (match[1] or match[2] or "").replace("''", "'"), match[3]
        if column not in model.columns.get(table, {}):
            yield f"{where}: there is no column {table}[{column}]."
    for name in _MEASURE.findall(_COLUMN.sub("", dax)):
        if name not in model.measures:
            yield f"{where}: there is no measure [{name}]."
    yield from (f"{where}: {said}" for said in _misspelt_functions(dax))
    variables, names = set(_VARIABLE.findall(dax)), {name.lower() for name in (*model.columns, *FUNCTIONS, *WORDS)}
    for name in sorted(variables):
        if name.lower() in names:
            yield f"{where}: the variable {name} is named like a table or a function."
    for quoted, plain in _TABLE.findall(_COLUMN.sub("", re.sub(r"\[[^\]]*\]", "", dax))):
        if (name := quoted or plain) not in model.columns and plain not in variables and plain.upper() not in WORDS:
            yield f"{where}: there is no table {name}."


def _misspelt_functions(dax: str) -> Iterator[str]:
    """Name calls of what is nearly a function. One that is like none may be newer than our list: Power BI will say."""
    for name in sorted(set(_FUNCTION.findall(dax))):
        if name.upper() not in FUNCTIONS | WORDS and (near := get_close_matches(name.upper(), FUNCTIONS, 1, _NEAR)):
            yield f"there is no function {name}. Did you mean {near[0]}?"
