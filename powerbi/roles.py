"""Row-level security: the roles of the report, as filters of the model's tables."""

from collections.abc import Mapping
from datetime import date

import pyarrow as pa

from etl.company.report import Report
from etl.company.roles import Role, Value
from etl.contract.column import Column
from etl.contract.table import Contract
from etl.core.errors import ContractError
from etl.core.names import guess
from etl.report.dax import column as dax_column
from etl.report.dax_values import condition
from etl.report.names import friendly
from powerbi.names import tag
from powerbi.tmdl import Node
from powerbi.types import model_type

_PYTHON = {"string": str, "int64": int, "boolean": bool}


def roles(report: Report, contracts: Mapping[str, Contract]) -> list[Node]:
    """Return the roles. Raises ContractError for a column that is not there, or that can never be what it is to be."""
    return [_role(role, contracts) for role in report.roles]


def _role(role: Role, contracts: Mapping[str, Contract]) -> Node:
    conditions: dict[str, list[str]] = {}
    for name, wanted in role.where.items():
        column = _column(role, name, contracts)
        values = wanted if isinstance(wanted, tuple) else (wanted,)
        for value in values:
            _check_value(role, name, column, value)
        chosen = condition(_dax(name), values, has_blanks=True)  # a dimension's unknown member has nothing else
        conditions.setdefault(name.partition(".")[0], []).append(chosen)
    if role.user:
        _check_user(role, _column(role, role.user, contracts))
        conditions.setdefault(role.user.partition(".")[0], []).append(f"{_dax(role.user)} == USERPRINCIPALNAME()")
    node = Node("role", role.name, properties={"modelPermission": "read"})
    node.children += [
        Node("tablePermission", friendly(table), " && ".join(parts)) for table, parts in conditions.items()
    ]
    node.children.append(Node("annotation", "PBI_Id", tag("role", role.name).replace("-", "")))
    return node


def _dax(name: str) -> str:
    table, _, column = name.partition(".")
    return dax_column(table, column)


def _column(role: Role, name: str, contracts: Mapping[str, Contract]) -> Column:
    known = {f"{table}.{c.name}": c for table, contract in contracts.items() for c in contract.columns}
    if name not in known:
        raise ContractError(f"The role {role.name} names {name}, which is not there.", guess(name, known))
    return known[name]


def _check_user(role: Role, column: Column) -> None:
    if column.is_hashed or not pa.types.is_string(column.type):
        raise ContractError(
            f"The role {role.name} compares {role.user} with the name by which a person signs in, and it holds"
            f" {'pseudonyms' if column.is_hashed else 'no texts'}.",
            "Name a Text that holds e-mail addresses and is published as it is, with pii=KEEP.",
        )


def _check_value(role: Role, name: str, column: Column, value: Value) -> None:
    kind = date if pa.types.is_date(column.type) else _PYTHON.get(model_type(column.type).name)
    if kind is None or type(value) is not kind:
        raise ContractError(
            f"The role {role.name} wants {name} to be {value!r}, which it can never be:"
            f" its type is {column.type_name}.",
            "Write a value of its type: a text in quotes, a whole number, true or false, or a date as 2030-01-31.",
        )
