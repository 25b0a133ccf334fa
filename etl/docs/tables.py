"""What is to be said of the star's tables, and of the queries that they are made of."""

from collections.abc import Iterator
from typing import Any

from etl.company.queries import Query
from etl.contract.column import OF_THE_ENGINE, Column, Reference, Role
from etl.contract.history import IS_CURRENT, VALID_FROM, VALID_TO
from etl.contract.options import OPTIONS, Holds, about
from etl.contract.table import Contract
from etl.docs.company import Company
from etl.docs.lineage import Kind, Lineage, Node, table_node
from etl.docs.parts import Code, Entry, Grid, Line, Listing, To, codes, links, listed, paragraphs, prose, share
from etl.docs.reach import beyond, made_of
from etl.guards.every import STAR
from etl.guards.raw import LINES, Tolerance

_BOUNDS = {
    "greater_than_or_equal_to": "≥ {min_value}",
    "greater_than": "> {min_value}",
    "less_than_or_equal_to": "≤ {max_value}",
    "less_than": "< {max_value}",
    "equal_to": "= {value}",
    "not_equal_to": "≠ {value}",
}
_LISTS = {"isin": ("one of ", "allowed_values"), "notin": ("none of ", "forbidden_values")}


def table_entry(contract: Contract, company: Company, lineage: Lineage) -> Entry:
    """Tell all that is known of a table."""
    node = table_node(contract, company.tables)
    facts = [*_keys(contract), *_options(contract, node, company)]
    facts += [*made_of(node, lineage), *beyond(node, lineage)]
    rest = contract.description.partition("\n")[2]
    return Entry(node, prose(contract.grain), paragraphs(rest), tuple(facts), _columns(contract, company))


def query_entry(query: Query, lineage: Lineage) -> Entry:
    """Tell all that a query's header says, and who reads it."""
    node = Node(Kind.QUERY, query.name)
    facts: list[tuple[str, Line]] = [("Grain", prose(query.grain)), ("Source", (Code(query.source),))]
    facts.append(("Key", codes(query.key)))
    more = {"Survivor": query.survivor, "Grouped by": query.group_by}
    more["Extracted by ranges of"] = (query.partition_on,) if query.partition_on else ()
    facts += [(term, codes(names)) for term, names in more.items() if names]
    facts.append(("Guards", listed(list(_allowed(query.tolerance)))))
    facts += beyond(node, lineage)
    listing = Listing("SQL", "sql", query.sql.strip("\n"))
    return Entry(node, prose(query.description or query.grain), (), tuple(facts), None, (listing,))


def _keys(contract: Contract) -> Iterator[tuple[str, Line]]:
    if contract.surrogate_key:
        yield "Surrogate key", (Code(contract.surrogate_key),)
    yield "Natural key" if contract.natural_key == contract.grain_key else "Key", codes(contract.grain_key)
    if contract.has_history:
        yield "History", tuple(_history(contract))


def _history(contract: Contract) -> Iterator[str | Code]:
    """Tell how versions are told apart, and on which days they hold."""
    what = "a row per version that nights saw" if contract.is_seen else "a row per version"
    yield from (f"{what}, told apart by ", Code(str(contract.change_key)), "; it holds on the days ")
    yield from (Code(f"d >= {VALID_FROM} AND d < {VALID_TO}"), ", and BETWEEN is wrong on the day of a change; ")
    yield from (Code(IS_CURRENT), " is of the night; a member is ", Code(str(contract.durable_key)))


def _options(contract: Contract, node: Node, company: Company) -> Iterator[tuple[str, Line]]:
    """Return what the class arguments say, and in one line what the guards go by, said or not."""
    for name, field in OPTIONS.items():
        option, value = about(name), getattr(contract, name)
        if option.holds is Holds.LEVELS:
            for title, levels in value.items():
                yield option.title, (f"{title}: ", *listed([_level(level, company) for level in levels], " › "))
        elif option.holds is Holds.INPUTS:
            for read, columns in value.items():
                of = (f"{option.title} ", To(table_node(company.contracts[read], company.tables)))
                yield option.title, (*of[1:], ": ", *codes(columns))
        elif option.holds is not Holds.SHARE and value != field.default:
            yield option.title, _shown(option.holds, (value,) if not isinstance(value, tuple) else value)
    if node.kind is not Kind.RECORD:
        yield "Guards", (", ".join(_guards(contract)),)


def _guards(contract: Contract) -> Iterator[str]:
    """Return what the guards allow, of what the table has."""
    for name in (name for guard in STAR if guard.needs(contract) for name in guard.reads):
        if about(name).holds is Holds.SHARE:
            yield f"{about(name).title} up to {share(getattr(contract, name))}"


def _allowed(tolerance: Tolerance) -> Iterator[Line]:
    """Return what the lines of a query's header allow."""
    for line, value in ((line, getattr(tolerance, each.name)) for line, each in LINES.items()):
        if isinstance(value, bool):
            yield (f"{line}: {'yes' if value else 'no'}",)
        elif isinstance(value, float):
            yield (f"{line}: {share(value)}",)
        elif value:
            yield (f"{line}: ", Code(value))


def _shown(holds: Holds, values: tuple[Any, ...]) -> Line:
    if holds is Holds.QUERIES:
        return links(tuple(Node(Kind.QUERY, name) for name in values))
    return codes(tuple(map(str, values)))


def _level(level: str, company: Company) -> Line:
    table, _, column = level.rpartition(".")
    if not table:
        return (Code(column),)
    return (To(table_node(company.contracts[table], company.tables)), ".", Code(column))


def _columns(contract: Contract, company: Company) -> Grid:
    fields = contract.model.to_schema().columns
    rows = tuple(
        (
            (Code(column.name),),
            (column.type_name,),
            (_null(column, fields.get(column.name)),),
            prose(column.description),
            listed(list(_more(column, contract, fields.get(column.name), company)), " · "),
        )
        for column in contract.declared
    )
    return Grid((("column",), ("type",), ("NULL",), ("meaning",), ("more",)), rows)


def _null(column: Column, field: Any) -> str:
    if field and field.nullable and column.role is not Role.CHANGE_KEY:
        return "yes"
    return "member 0" if column.nullable else "no"


def _more(column: Column, contract: Contract, field: Any, company: Company) -> Iterator[Line]:
    if column.role in (Role.SURROGATE_KEY, Role.NATURAL_KEY, Role.CHANGE_KEY, Role.DURABLE_KEY):
        yield (f"{column.role.value}",)
    if isinstance(column, Reference):
        yield from _refers(column, company)
    if column.pii:
        yield ("personal data, as pseudonyms" if column.is_hashed else "personal data",)
    if contract.has_history and column.role in (Role.ATTRIBUTE, Role.REFERENCE):
        yield ("type 2: a change makes a version",) if column.history else ("type 1: overwritten in all versions",)
    if contract.is_dimension and column.unknown is not None:
        yield "member 0: ", Code(str(column.unknown))
    if field and column.role not in OF_THE_ENGINE:  # whose rules are its own
        yield from (_rule(check) for check in field.checks)
    if field and field.unique:
        yield ("unique",)
    if column.number_format:
        yield "shown as ", Code(column.number_format)
    if column.sort_by:
        yield "sorted by ", Code(column.sort_by)
    if column.category:
        yield "stands for ", Code(column.category)
    if column.folded:
        yield "folded: chosen and grouped by ", Code(f"{column.name}_folded")


def _refers(column: Reference, company: Company) -> Iterator[Line]:
    to = To(table_node(company.contracts[column.dimension], company.tables))
    yield "refers to ", to, ", found by ", *codes(column.on)
    if column.as_of:
        yield "the version of the day of ", Code(column.as_of)
    elif company.contracts[column.dimension].has_history:
        yield ("the current version",)
    yield ("active",) if column.is_active else ("inactive",)
    if column.grain:
        yield ("part of the key",)


def _rule(check: Any) -> Line:
    if check.name in _BOUNDS:
        return (_BOUNDS[check.name].format(**check.statistics),)
    if check.name in _LISTS:
        words, values = _LISTS[check.name]
        return (words, *codes(tuple(str(value) for value in check.statistics[values])))
    return (check.description or check.error or check.name or "a rule of its own",)
