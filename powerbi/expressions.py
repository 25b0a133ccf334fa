"""The small expressions that PBIR's JSON is made of: literals, colours, fields and filters."""

from decimal import Decimal
from typing import Any, TypeAlias

from etl.report.names import friendly
from powerbi.names import MEASURES

Json: TypeAlias = dict[str, Any]


def literal(value: bool | int | str) -> Json:
    """Write a constant as a query expression does: true, 12D, 'it''s'."""
    if isinstance(value, bool):
        text = str(value).lower()
    elif isinstance(value, int):
        text = f"{value}D"
    else:
        text = "'" + value.replace("'", "''") + "'"
    return {"expr": {"Literal": {"Value": text}}}


def whole(value: int) -> Json:
    """Write a constant that counts something: 3L."""
    return {"expr": {"Literal": {"Value": f"{value}L"}}}


def number(value: Decimal) -> Json:
    """Write a constant with decimal places: 1.05D."""
    return {"expr": {"Literal": {"Value": f"{value:f}D"}}}


def of_measure(name: str) -> Json:
    """Write what a measure says, where a constant may stand."""
    return {"expr": measure(name)}


def colour(value: str | Json) -> Json:
    """Write a colour: a constant, or what a measure says."""
    return {"solid": {"color": literal(value) if isinstance(value, str) else value}}


def properties(**values: bool | int | str | Json) -> list[Json]:
    """Write the properties of one formatting object."""
    return [{"properties": {n: v if isinstance(v, dict) else literal(v) for n, v in values.items()}}]


def column(name: str) -> Json:
    """Name a column of the model by the one of the contracts, "table.column"."""
    table, _, attribute = name.partition(".")
    return _field("Column", {"Entity": friendly(table)}, friendly(attribute))


def measure(name: str) -> Json:
    """Name a measure of the model."""
    return _field("Measure", {"Entity": MEASURES}, name)


def projection(field: Json, title: str | None = None, *, is_shown: bool = True) -> Json:
    """Put a field into a visual. Of columns, an axis may have several, of which it shows some.

    title: what it is called there, if not by its name.
    """
    active = {"active": True} if "Column" in field and is_shown else {}
    named = {"displayName": title} if title else {}
    return {
        "field": field,
        "queryRef": reference(field),
        "nativeQueryRef": _inner(field)["Property"],
        **named,
        **active,
    }


def reference(field: Json) -> str:
    """Return the name by which a visual's formatting refers to a field: Sales.Net Revenue."""
    inner = _inner(field)
    return f"{inner['Expression']['SourceRef']['Entity']}.{inner['Property']}"


def sort(field: Json, *, descending: bool) -> Json:
    """Sort a visual by a field."""
    return {"sort": [{"field": field, "direction": "Descending" if descending else "Ascending"}]}


def greatest(name: str, by: str, measure_name: str, count: int) -> Json:
    """Keep the members of a column with the greatest values of a measure: a Top N filter, as Desktop writes it.

    The condition is membership in a subquery's answer; both name the column's table by the alias c.
    """
    table, _, attribute = by.partition(".")
    member = _field("Column", {"Source": "c"}, friendly(attribute))
    entity = {"Name": "c", "Entity": friendly(table), "Type": 0}
    ranked = {
        "Version": 2,
        "From": [entity, {"Name": "m", "Entity": MEASURES, "Type": 0}],
        "Select": [{**member, "Name": "field"}],
        "OrderBy": [{"Direction": 2, "Expression": _field("Measure", {"Source": "m"}, measure_name)}],
        "Top": count,
    }
    among = {"In": {"Expressions": [member], "Table": {"SourceRef": {"Source": "ranked"}}}}
    return {
        "name": name,
        "field": column(by),
        "type": "TopN",
        "filter": {
            "Version": 2,
            "From": [{"Name": "ranked", "Expression": {"Subquery": {"Query": ranked}}, "Type": 2}, entity],
            "Where": [{"Condition": among}],
        },
    }


def _field(kind: str, source: Json, name: str) -> Json:
    return {kind: {"Expression": {"SourceRef": source}, "Property": name}}


def _inner(field: Json) -> Json:
    inner: Json = next(iter(field.values()))
    return inner
