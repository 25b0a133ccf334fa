"""Whether what a measure declares fits its columns: asked before SQL or DAX is made of it."""

from collections.abc import Iterator
from datetime import date

import pyarrow as pa

from etl.company.measure import Conditions, Measure, Single
from etl.company.report import Report
from etl.contract.column import Column
from etl.contract.table import Contracts
from etl.core.errors import ContractError
from etl.core.names import guess
from etl.report.aggregates import column_of
from etl.report.reach import path, versioned

_BY_HAND = "Declare another column, or write dax and sql by hand."


def check(measure: Measure, report: Report, contracts: Contracts) -> None:
    """Refuse a measure whose columns are not there, or hold what it cannot be made of."""
    if measure.aggregate is None:
        return
    where = f"The measure [{measure.name}]"
    of = str(measure.of)
    try:
        for name in _named(measure):
            column_of(name, of, report, contracts)
        for name in measure.latest or ():
            if "." in name:
                raise ContractError(f"its latest names {name}, a column of another table.", "Name one of its own.")
        _check_along(measure, report, contracts)
        _check_as_is(measure, report, contracts)
        _check_value(measure, column_of(measure.column, of, report, contracts) if measure.column else None)
        _check_conditions(measure.where, of, report, contracts)
        if of in report.views:
            _check_conditions(report.views[of].where, of, report, contracts)
    except ContractError as error:
        raise ContractError(f"{where} cannot be made: {error.message}", error.hint) from None


def _check_along(measure: Measure, report: Report, contracts: Contracts) -> None:
    """Refuse what is no reference of the measure's table, and a view that filters by the one that it replaces."""
    if measure.along is None:
        return
    view = report.views.get(str(measure.of))
    of = view.like if view else str(measure.of)
    known = [reference.name for reference in contracts[of].relationships] if of in contracts else []
    if measure.along not in known:
        raise ContractError(
            f"its along names {measure.along}, which is no reference of {of} to another table.",
            guess(measure.along, known),
        )
    others = {name.partition(".")[0] for name in view.where if "." in name} if view else set()
    if turned := [t for t in others if path(contracts, of, t) != path(contracts, of, t, measure.along)]:
        raise ContractError(
            f"its view {measure.of} chooses by {', '.join(sorted(turned))}, to which its along leads another way.",
            f"Say of = \"{of}\", and write the view's conditions into the measure's where.",
        )


def _check_as_is(measure: Measure, report: Report, contracts: Contracts) -> None:
    """Refuse today's members where there are no others."""
    view = report.views.get(str(measure.of))
    of = view.like if view else str(measure.of)
    if measure.as_is and of in contracts and not versioned(contracts, of):
        raise ContractError(f"it says as_is, and {of} refers to no dimension with history.", "Leave as_is out.")


def _named(measure: Measure) -> Iterator[str]:
    yield from ([measure.column] if measure.column else [])
    yield from (*measure.where, *measure.known, *(measure.latest or ()))


def _check_value(measure: Measure, column: Column | None) -> None:
    if measure.column and "." in measure.column and measure.aggregate != "distinct":
        raise ContractError(
            f"{measure.aggregate} is of a column of its own rows, and {measure.column} is not one.", _BY_HAND
        )
    if column is None:
        return
    kind, types = column.type, pa.types
    is_number = types.is_integer(kind) or types.is_decimal(kind) or types.is_floating(kind)
    if measure.aggregate == "sum" and not is_number:
        raise ContractError(f"{column.name} is {column.type_name}, of which there is no sum.", _BY_HAND)
    if measure.aggregate in ("min", "max") and (types.is_string(kind) or types.is_boolean(kind)):
        raise ContractError(f"{column.name} is {column.type_name}, of which there is no {measure.aggregate}.", _BY_HAND)


def _check_conditions(where: Conditions, of: str, report: Report, contracts: Contracts) -> None:
    for name, values in where.items():
        column = column_of(name, of, report, contracts)
        if not values:
            raise ContractError(f"its where names no value of {name}.", "Write e.g. is_open = true.")
        for value in values:
            if column is not None and not _fits(value, column.type):
                raise ContractError(
                    f"{value!r} cannot be a value of {name}, which is {column.type_name}.",
                    "Texts stand in quotes, flags are true or false, days are written 2026-01-31.",
                )


def _fits(value: Single, kind: pa.DataType) -> bool:
    types = pa.types
    if isinstance(value, bool):
        return bool(types.is_boolean(kind))
    if isinstance(value, str):
        return bool(types.is_string(kind))
    if isinstance(value, date):
        return bool(types.is_date(kind))
    return bool(types.is_integer(kind) or types.is_decimal(kind) or types.is_floating(kind))
