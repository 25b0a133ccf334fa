"""The rules of a contract, judged row by row by pandera."""

import functools
from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd
import pandera.errors
import pyarrow as pa
from pandera.api.pandas.container import DataFrameSchema

from etl.contract import Contract
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
    rules = contract.model.to_schema().columns
    ours = {column.name for column in contract.references}  # keys that the engine put in
    judged = tuple(
        name
        for name in table.column_names
        if name not in ours and (rules[name].checks or (table.column(name).null_count and not rules[name].nullable))
    )
    faults: dict[int, str] = {}
    try:
        rules_of: Any = _rules(contract.model, judged)  # type: ignore[arg-type]  # a class can be hashed
        rules_of.validate(table.select(judged).to_pandas(types_mapper=pd.ArrowDtype), lazy=True)
    except pandera.errors.SchemaErrors as errors:
        cases = errors.failure_cases
        if cases["index"].isna().any():
            case = cases[cases["index"].isna()].iloc[0]
            raise ContractError(f"{contract.name}: {case['column']} breaks {case['check']}.", "Mend build.") from None
        for position, column, rule in zip(cases["index"], cases["column"], cases["check"], strict=True):
            _add(faults, int(position), f"{column} is NULL" if rule == "not_nullable" else f"{column} breaks {rule}")
    return faults


@functools.lru_cache(maxsize=256)
def _rules(model: Hashable, columns: tuple[str, ...]) -> DataFrameSchema:
    """Give the rules of some columns: what has the right type and breaks none anyway costs time, too."""
    schema: DataFrameSchema = model.to_schema()  # type: ignore[attr-defined]
    return schema.select_columns(list(columns))


def _add(faults: dict[int, str], position: int, reason: str) -> None:
    faults[position] = f"{faults[position]}; {reason}" if position in faults else reason
