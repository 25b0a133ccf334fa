"""The rules of a contract, judged row by row by pandera."""

import functools
from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd
import pandera.errors
import pyarrow as pa
from pandera.api.pandas.container import DataFrameSchema

from etl.contract.table import Contract
from etl.core.errors import ContractError
from etl.transform.keys import UNKNOWN


def broken_rules(table: pa.Table, contract: Contract) -> dict[int, str]:
    """Judge every row; gives the rules broken by position."""
    faults = _judged(table, contract)
    for column in contract.references:
        if column.grain:  # two members that nobody knows would have the same key
            for position in np.flatnonzero(table.column(column.name).to_numpy() == UNKNOWN).tolist():
                _add(faults, position, f"{column.name} is unknown, and identifies the row")
    return faults


def _judged(table: pa.Table, contract: Contract) -> dict[int, str]:
    """Let pandera judge every row."""
    judged = _to_be_judged(table, contract)
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
    """Say what a value does that breaks a rule. rule: as pandera writes it, e.g. "greater_than_or_equal_to(0)"."""
    name, _, rest = rule.partition("(")
    return _WORDS.get(name, f"breaks the rule {rule}").format(rest.removesuffix(")"))


def _to_be_judged(table: pa.Table, contract: Contract) -> tuple[str, ...]:
    """Name the columns that can break a rule: their types are right, and the keys are those that the engine put in."""
    schema = contract.model.to_schema()
    if schema.checks or schema.unique or any(c.groupby for rules in schema.columns.values() for c in rules.checks):
        return tuple(table.column_names)  # rules between columns
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
    """Give the rules of some columns: to judge what breaks none anyway costs time, too."""
    schema: DataFrameSchema = model.to_schema()  # type: ignore[attr-defined]
    return schema.select_columns(list(columns))


def _add(faults: dict[int, str], position: int, reason: str) -> None:
    faults[position] = f"{faults[position]}; {reason}" if position in faults else reason
