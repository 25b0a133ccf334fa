"""The rules of a contract, judged row by row: as pandera judges them, and by Arrow where that is the same."""

import functools
from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd
import pandera.errors
import pyarrow as pa
from pandera.api.pandas.container import DataFrameSchema

from etl.contract.column import UNKNOWN
from etl.contract.table import Contract
from etl.core.errors import ContractError
from etl.transform import plain_rules
from etl.transform.plain_rules import Broken


def broken_rules(table: pa.Table, contract: Contract) -> dict[int, str]:
    """Judge every row; returns the rules broken by position."""
    faults = _judged(table, contract)
    for column in contract.references:
        if column.grain:  # two members that nobody knows would have the same key
            for position in np.flatnonzero(table.column(column.name).to_numpy() == UNKNOWN).tolist():
                _add(faults, position, f"{column.name} is unknown, and identifies the row")
    return faults


def _judged(table: pa.Table, contract: Contract) -> dict[int, str]:
    """Judge every row: by Arrow what it can, the rest by pandera; all by pandera where rows break rules of both."""
    schema = contract.model.to_schema()
    judged = tuple(table.column_names) if _judges_whole_rows(schema) else _to_be_judged(table, contract, schema)
    by_arrow = {} if _judges_whole_rows(schema) else _by_arrow(table.select(judged), schema)
    others = tuple(name for name in judged if name not in by_arrow)
    faults: dict[int, str] = {}
    for name, broken in by_arrow.items():
        for rule, positions in broken:
            for position in positions.tolist():
                _add(faults, position, f"{name} {_words(rule)}")
    if others and faults:
        return _by_pandera(table, contract, judged)
    return _by_pandera(table, contract, others) if others else faults


def _by_arrow(table: pa.Table, schema: DataFrameSchema) -> dict[str, Broken]:
    """Judge the columns of which Arrow can judge all rules."""
    found = {name: plain_rules.broken(table.column(name), schema.columns[name]) for name in table.column_names}
    return {name: broken for name, broken in found.items() if broken is not None}


def _by_pandera(table: pa.Table, contract: Contract, judged: tuple[str, ...]) -> dict[int, str]:
    """Let pandera judge some columns of every row."""
    faults: dict[int, str] = {}
    try:
        rules_of: Any = _rules(contract.model, judged)  # type: ignore[arg-type]  # a class can be hashed
        rules_of.validate(table.select(judged).to_pandas(types_mapper=pd.ArrowDtype), lazy=True)
    except pandera.errors.SchemaErrors as errors:
        cases = errors.failure_cases
        if cases["index"].isna().any():
            case = cases[cases["index"].isna()].iloc[0]
            raise ContractError(
                f"{contract.name}: the rule {case['check']} of {case['column']} cannot be judged.",
                "Let it be a rule of its column's type: e.g. ge= for numbers, isin= for texts.",
            ) from None
        for position, column, rule in zip(cases["index"], cases["column"], cases["check"], strict=True):
            _add(faults, int(position), f"{column} {_words(str(rule))}")
    return faults


_WORDS = {
    "not_nullable": "is NULL",
    "field_uniqueness": "occurs more than once",
    "equal_to": "is not {}",
    "not_equal_to": "is {}",
    "greater_than": "is not more than {}",
    "greater_than_or_equal_to": "is less than {}",
    "less_than": "is not less than {}",
    "less_than_or_equal_to": "is more than {}",
    "in_range": "is not within {}",
    "isin": "is none of {}",
    "notin": "is one of {}",
    "str_matches": "does not match {}",
    "str_contains": "does not contain {}",
    "str_startswith": "does not begin with {}",
    "str_endswith": "does not end with {}",
    "str_length": "has another length than {}",
}


def _words(rule: str) -> str:
    """Return what a value does that breaks a rule. rule: as pandera writes it, e.g. "greater_than_or_equal_to(0)"."""
    name, _, rest = rule.partition("(")
    return _WORDS.get(name, f"breaks the rule {rule}").format(rest.removesuffix(")"))


def _judges_whole_rows(schema: DataFrameSchema) -> bool:
    """Whether a rule is about several columns, or pandera does more with the rows than to judge them."""
    columns = schema.columns.values()
    return bool(
        schema.checks
        or schema.unique
        or schema.parsers
        or schema.drop_invalid_rows
        or any(check.groupby for rules in columns for check in rules.checks)
    )


def _to_be_judged(table: pa.Table, contract: Contract, schema: DataFrameSchema) -> tuple[str, ...]:
    """Name the columns that can break a rule: their types are right, and the keys are those that the engine put in."""
    ours = {column.name for column in contract.references}
    return tuple(
        name
        for name in table.column_names
        if name not in ours and _can_break(schema.columns[name], table.column(name).null_count)
    )


def _can_break(rules: Any, nulls: int) -> bool:
    return bool(rules.checks or rules.unique or (nulls and not rules.nullable))


@functools.lru_cache(maxsize=256)
def _rules(model: Hashable, columns: tuple[str, ...]) -> DataFrameSchema:
    """Return the rules of some columns: to judge what breaks none anyway costs time, too."""
    schema: DataFrameSchema = model.to_schema()  # type: ignore[attr-defined]
    return schema.select_columns(list(columns))


def _add(faults: dict[int, str], position: int, reason: str) -> None:
    faults[position] = f"{faults[position]}; {reason}" if position in faults else reason
