"""The semantic model, made from the contracts and the catalogue of measures.

Tables and columns have friendly names and the contracts' descriptions; keys are hidden; a dimension with a single
natural key of type Date is the date table, to which facts relate by their dates; else tables relate by surrogate key.
Of several references to a dimension the first one is active.
"""

from collections.abc import Collection, Iterator, Mapping

from etl.company.measure import Measure
from etl.company.report import ROWS_OF_ALL, Report
from etl.contract.column import Column, Role
from etl.contract.table import Contract
from etl.load.etl_runs import ETL_RUNS
from etl.report.dax import column as dax_column
from etl.report.dax import guarded
from etl.report.dax import table as dax_table
from etl.report.names import friendly
from etl.report.related import date_column, ends
from powerbi import m
from powerbi.columns import Kept, kept_columns
from powerbi.names import MEASURES, tag
from powerbi.roles import roles
from powerbi.texts import FOLDER, texts
from powerbi.tmdl import Node, quoted
from powerbi.types import format_string, model_type


def kept(report: Report, contracts: Mapping[str, Contract]) -> Kept:
    """Return which columns the model has of each table."""
    dax = [str(node.expression) for node in measures(report, contracts).of("measure")]
    dax += [str(each.expression) for role in roles(report, contracts) for each in role.of("tablePermission")]
    return kept_columns(report, contracts, [*_pairs(contracts)], dax)


def table(contract: Contract, contracts: Mapping[str, Contract], kept: Kept, years: int | None = None) -> Node:
    """Make the table of a contract. years: how many a refresh policy has to keep; without one it is read whole."""
    name = friendly(contract.name)
    node = Node("table", name, description=contract.description, properties={"lineageTag": tag(name)})
    is_calendar = date_column(contract)
    if is_calendar:
        node.properties["dataCategory"] = "Time"
    levels = kept.levels(contract, contracts)
    columns = list(kept.of(contract))
    node.children += [_column(contract, column, kept, needed={*_needed(columns, levels)}) for column in columns]
    node.children += _levels_of_others(contract, contracts, levels)
    node.children += [_hierarchy(contract, title, names) for title, names in levels.items()]
    if years:
        node.children.insert(0, _refresh_policy(contract, columns, years))
    among = _tables(contracts) if contract.name == ETL_RUNS.name else None
    source = m.source(contract, columns, not_null=is_calendar, ranged=bool(years), tables=among)
    node.children.append(Node("partition", name, "m", properties={"mode": "import", "source": source}))
    return node


def measures(report: Report, contracts: Mapping[str, Contract]) -> Node:
    """Make the table of the measures, a calculated one with a hidden column.

    Where there are roles, it holds the count of all rows: it is computed at each refresh, when no role hides any.
    """
    count = _rows_of_all(contracts)
    rows, source = (f"MAX('{MEASURES}'[Value])", f"{{{count}}}") if report.roles else (count, "{1}")
    node = Node("table", MEASURES, description="All measures.", properties={"lineageTag": tag(MEASURES)})
    for measure in report.measures.values():
        node.children.append(_measure(measure, guarded(measure, report, contracts).replace(ROWS_OF_ALL, rows)))
    node.children += [_words(name, *said) for name, said in texts(report).items()]
    value: dict[str, str | bool] = {
        "isHidden": True,
        "isAvailableInMdx": "false",
        "lineageTag": tag(MEASURES, "Value"),
        "summarizeBy": "none",
    }
    node.children.append(
        Node("column", "Value", properties=value | {"isNameInferred": True, "sourceColumn": "[Value]"})
    )
    node.children.append(Node("partition", MEASURES, "calculated", properties={"mode": "import", "source": source}))
    return node


def relationships(contracts: Mapping[str, Contract]) -> list[Node]:
    """Relate every reference to its dimension: many to one, filters going one way, one active path."""
    return [node for contract in contracts.values() for node in _relationships(contract, contracts)]


def _relationships(contract: Contract, contracts: Mapping[str, Contract]) -> Iterator[Node]:
    for reference in contract.relationships:
        start, end = ends(contract, reference, contracts)
        properties: dict[str, str | bool] = {} if reference.is_active else {"isActive": "false"}
        properties |= {
            "fromColumn": f"{quoted(friendly(contract.name))}.{quoted(friendly(start))}",
            "toColumn": f"{quoted(friendly(reference.dimension))}.{quoted(friendly(end))}",
        }
        yield Node(
            "relationship", tag("relationship", contract.name, start, reference.dimension), properties=properties
        )


def _pairs(contracts: Mapping[str, Contract]) -> Iterator[tuple[str, str]]:
    for name, contract in contracts.items():
        for reference in contract.relationships:
            start, end = ends(contract, reference, contracts)
            yield f"{name}.{start}", f"{reference.dimension}.{end}"


def _needed(columns: list[Column], levels: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """Name the columns that hierarchies and sorting go by: what is not one of them and hidden needs no such index."""
    for column in columns:
        if column.sort_by:
            yield from (column.name, column.sort_by)
    for names in levels.values():
        yield from names


def _column(contract: Contract, column: Column, kept: Kept, needed: Collection[str]) -> Node:
    name, kind = friendly(column.name), model_type(column.type)
    told = " Personal data, shown as pseudonyms." if column.is_hashed else " Personal data."
    personal = told if column.pii else ""
    hidden, key = kept.is_hidden(contract, column), column.name in (contract.surrogate_key, date_column(contract))
    properties: dict[str, str | bool | None] = {
        "dataType": kind.name,
        "isHidden": hidden,
        "isKey": key and f"{contract.name}.{column.name}" in kept.related_to,
        "formatString": column.number_format or kind.shown,
        "isAvailableInMdx": "false" if hidden and column.name not in needed else None,
        "displayFolder": "Values of a Row" if column.role is Role.MEASURE else None,
        "lineageTag": tag(friendly(contract.name), name),
        "dataCategory": column.category,
        "summarizeBy": "none",
        "sourceColumn": column.name,
        "sortByColumn": quoted(friendly(column.sort_by)) if column.sort_by else None,
    }
    said: dict[str, str | bool] = {each: value for each, value in properties.items() if value}
    node = Node("column", name, description=f"{column.description}{personal}{kind.note}", properties=said)
    if kind.underlying:
        node.children.append(Node("annotation", "UnderlyingDateTimeDataType", kind.underlying))
    return node


def _levels_of_others(
    contract: Contract, contracts: Mapping[str, Contract], levels_: Mapping[str, tuple[str, ...]]
) -> Iterator[Node]:
    """Bring the levels that are another dimension's into the table: a hierarchy has columns of one table."""
    for level in dict.fromkeys(level for levels in levels_.values() for level in levels if "." in level):
        dimension, _, column = level.partition(".")
        own = next(c for c in contracts[dimension].columns if c.name == column)
        name = friendly(column)
        properties: dict[str, str | bool] = {"dataType": model_type(own.type).name, "isHidden": True}
        properties |= {"lineageTag": tag(friendly(contract.name), name), "summarizeBy": "none"}
        yield Node("column", name, _level_of_other(contract, dimension, column, contracts), own.description, properties)


def _level_of_other(contract: Contract, dimension: str, column: str, contracts: Mapping[str, Contract]) -> str:
    """Return the DAX of a dimension's column for a row of a table: RELATED follows active relationships alone."""
    reference = max((r for r in contract.relationships if r.dimension == dimension), key=lambda r: r.is_active)
    wanted = dax_column(dimension, column)
    if reference.is_active:
        return f"RELATED({wanted})"
    start, end = ends(contract, reference, contracts)
    return f"LOOKUPVALUE({wanted}, {dax_column(dimension, end)}, {dax_column(contract.name, start)})"


def _hierarchy(contract: Contract, title: str, levels: tuple[str, ...]) -> Node:
    owner = friendly(contract.name)
    node = Node("hierarchy", title, properties={"lineageTag": tag(owner, "hierarchy", title)})
    for level in levels:
        name = friendly(level.partition(".")[2] or level)
        properties: dict[str, str | bool] = {"lineageTag": tag(owner, "hierarchy", title, name), "column": quoted(name)}
        node.children.append(Node("level", name, properties=properties))
    return node


def _refresh_policy(contract: Contract, columns: list[Column], years: int) -> Node:
    """Divide a table into years, of which those are read again in which rows may still change.

    The year under way counts as one: rows that were settled after two years may be in three of them.
    """
    periods: dict[str, str | bool] = {
        "policyType": "basic",
        "rollingWindowGranularity": "year",
        "rollingWindowPeriods": str(years),
        "incrementalGranularity": "year",
        "incrementalPeriods": str(min((contract.settled_after or 0) + 1, years)),
    }
    return Node(
        "refreshPolicy",
        properties=periods | {"sourceExpression": m.source(contract, columns, ranged=True)},
    )


def _measure(measure: Measure, dax: str) -> Node:
    properties: dict[str, str | bool] = (
        {} if measure.format == "General" else {"formatString": format_string(measure.format)}
    )
    properties |= {"displayFolder": measure.folder, "lineageTag": tag(MEASURES, measure.name)}
    return Node("measure", measure.name, dax, measure.meaning, properties)


def _words(name: str, dax: str, meaning: str) -> Node:
    """Make a measure that only visuals use."""
    properties: dict[str, str | bool] = {"isHidden": True, "displayFolder": FOLDER, "lineageTag": tag(MEASURES, name)}
    return Node("measure", name, dax, meaning, properties)


def _rows_of_all(contracts: Mapping[str, Contract]) -> str:
    """Count what was imported; of the date table the unknown member was left out."""
    counts = [
        f"COUNTROWS({dax_table(name)})" + (" + 1" if date_column(contract) else "")
        for name, contract in contracts.items()
        if name in _tables(contracts)
    ]
    return "CALCULATE(\n    " + "\n        + ".join(counts) + ",\n    REMOVEFILTERS()\n)"


def _tables(contracts: Mapping[str, Contract]) -> list[str]:
    """Name the tables of the star."""
    return [name for name in contracts if name != ETL_RUNS.name]
