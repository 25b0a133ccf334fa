"""From what `build` returned to rows that fulfil the contract: typed, referenced, checked, the rest with a reason."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pandera.errors
import pyarrow as pa
from pandera.api.pandas.container import DataFrameSchema

from etl.contract import Column, Contract, KeyIndex, Role
from etl.core.errors import ContractError
from etl.transform.keys import UNKNOWN
from etl.transform.raw import Reject, as_json, unfit

SET_ASIDE, REJECT, UNPUBLISHED = "_set_aside", "_reject", "_unpublished"
"""Columns that build may add: the reason to leave a row out; the rule that it breaks; true where the row is computed
with and not published (it lies before the window)."""

OUTSIDE_WINDOW = "before the published window"


@dataclass
class Members:
    """A dimension's keys, to find the members that a table refers to."""

    index: KeyIndex
    keys: np.ndarray[tuple[int], np.dtype[np.int64]]


@dataclass
class Checked:
    """Rows that fulfil the contract.

    table: the published columns less the surrogate key; kept: with all of build's columns, for partials, also rows
    before the window.
    """

    table: pa.Table
    kept: pd.DataFrame
    rejects: list[Reject] = field(default_factory=list)
    set_aside: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)


def check(
    frame: pd.DataFrame, contract: Contract, on: dict[str, tuple[str, ...]], members: Callable[[str], Members]
) -> Checked:
    """Check what build returned against the contract.

    on: for each reference the columns by which its member is found. members: gives a dimension's keys.
    Raises ContractError where columns are missing, unknown or of a wrong type; single rows are rejected.
    """
    _check_columns(frame, contract, on)
    rejects: list[Reject] = []
    set_aside: Counter[str] = Counter()
    if SET_ASIDE in frame:
        left_out = frame[SET_ASIDE].notna().to_numpy()
        set_aside.update(frame.loc[left_out, SET_ASIDE].tolist())
        frame = frame.loc[~left_out]
    if REJECT in frame:
        frame = _without(frame, frame[REJECT].dropna().to_dict(), rejects)
    frame, typed = _typed(frame, contract, rejects)
    unknown: Counter[str] = Counter()
    for column in contract.references:
        typed[column.name] = _reference(frame, on[column.name], members(str(column.dimension)))
    names = [c.name for c in contract.columns if c.role is not Role.SURROGATE_KEY]
    table = pa.table([typed[name] for name in names], names)
    faults = _broken_rules(table, contract)
    if faults:
        good = ~np.isin(np.arange(len(frame)), list(faults))
        frame = _without(frame, {frame.index[p]: reason for p, reason in faults.items()}, rejects)
        table = table.filter(pa.array(good))
    outside = (
        frame[UNPUBLISHED].fillna(False).to_numpy(dtype=bool) if UNPUBLISHED in frame else np.zeros(len(frame), bool)
    )
    if outside.any():
        set_aside[OUTSIDE_WINDOW] += int(outside.sum())
        table = table.filter(pa.array(~outside))
    published = frame.loc[~outside]
    for column in contract.references:
        _count_unknown(unknown, published, table, column, on[column.name])
    return Checked(table, frame, rejects, set_aside, unknown)


def unknown_member(contract: Contract) -> pa.Table:
    """Make the row of a dimension that stands for what is not known."""
    values = [_of_unknown(column) for column in contract.columns]
    return pa.table([pa.array([v], c.type) for v, c in zip(values, contract.columns, strict=True)], contract.schema)


def _of_unknown(column: Column) -> object:
    return UNKNOWN if column.role in (Role.SURROGATE_KEY, Role.REFERENCE) else column.unknown


def _check_columns(frame: pd.DataFrame, contract: Contract, on: dict[str, tuple[str, ...]]) -> None:
    needed = {c.name for c in contract.columns if c.role not in (Role.SURROGATE_KEY, Role.REFERENCE)}
    needed |= {name for names in on.values() for name in names}
    allowed = needed | {SET_ASIDE, REJECT, UNPUBLISHED} | {name.removeprefix("-") for name in contract.survivor}
    missing, stray = sorted(needed - set(frame.columns)), sorted(set(frame.columns) - allowed)
    if missing:
        raise ContractError(
            f"{contract.name}: build returned no column {', '.join(missing)}, which the contract requires.",
            f"It returned: {', '.join(map(str, frame.columns))}.",
        )
    if stray:
        raise ContractError(
            f"{contract.name}: build returned a column {', '.join(map(str, stray))}, unknown to the contract.",
            "Declare it in the contract, or do not return it.",
        )


def _typed(frame: pd.DataFrame, contract: Contract, rejects: list[Reject]) -> tuple[pd.DataFrame, dict[str, pa.Array]]:
    """Turn the contract's columns into its exact types; a value that does not fit rejects its row."""
    while True:
        typed: dict[str, pa.Array] = {}
        faults: dict[object, str] = {}
        for column in contract.columns:
            if column.role in (Role.SURROGATE_KEY, Role.REFERENCE):
                continue
            values = _arrow(frame[column.name], column, contract)
            try:
                typed[column.name] = values.cast(column.type)
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
                wrong = unfit(values, column.type)
                if len(wrong) == len(values):
                    raise ContractError(
                        f"{contract.name}: build returned {values.type} for {column.name}, a column of {column.type}:"
                        f" {str(error).partition(chr(10))[0]}.",
                        "Convert the column in build.",
                    ) from None
                faults |= {frame.index[p]: f"{column.name} is no {column.type}" for p in wrong}
        if not faults:
            return frame, typed
        frame = _without(frame, faults, rejects)


def _arrow(series: pd.Series, column: Column, contract: Contract) -> pa.Array:
    values = pa.array(series, from_pandas=True)
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if pa.types.is_floating(values.type) and pa.types.is_decimal(column.type):
        raise ContractError(
            f"{contract.name}: build returned floating point numbers for {column.name}, which is exact money.",
            "Compute with the decimals that the query delivers.",
        )
    return values


def _reference(frame: pd.DataFrame, on: tuple[str, ...], members: Members) -> pa.Array:
    positions = members.index.positions([frame[name] for name in on])
    if not len(members.keys):
        return pa.array(np.full(len(frame), UNKNOWN, dtype=np.int64))
    return pa.array(np.where(positions < 0, UNKNOWN, members.keys[positions]))


def _count_unknown(
    unknown: Counter[str], frame: pd.DataFrame, table: pa.Table, column: Column, on: tuple[str, ...]
) -> None:
    missing = table.column(column.name).to_numpy() == UNKNOWN
    if missing.any():
        null = frame.loc[missing, list(on)].isna().any(axis=1)
        unknown.update({f"{column.name}: NULL": int(null.sum()), f"{column.name}: no such member": int((~null).sum())})


def _broken_rules(table: pa.Table, contract: Contract) -> dict[int, str]:
    """Let pandera judge every row; gives the rules broken by position."""
    schema: DataFrameSchema = contract.model.to_schema()
    if contract.surrogate_key:
        schema = schema.remove_columns([contract.surrogate_key])
    try:
        schema.validate(table.to_pandas(types_mapper=pd.ArrowDtype), lazy=True)
    except pandera.errors.SchemaErrors as errors:
        cases = errors.failure_cases
        if cases["index"].isna().any():
            case = cases[cases["index"].isna()].iloc[0]
            raise ContractError(f"{contract.name}: {case['column']} breaks {case['check']}.", "Mend build.") from None
        faults: dict[int, str] = {}
        for position, column, rule in zip(cases["index"], cases["column"], cases["check"], strict=True):
            reason = f"{column} is NULL" if rule == "not_nullable" else f"{column} breaks {rule}"
            faults[int(position)] = f"{faults[int(position)]}; {reason}" if int(position) in faults else reason
        return faults
    return {}


def _without(frame: pd.DataFrame, reasons: dict[object, str], rejects: list[Reject]) -> pd.DataFrame:
    """Move rows (by index label) from the frame to the rejects."""
    if not reasons:
        return frame
    bad = frame.loc[list(reasons)]
    shown = bad.drop(columns=[c for c in (SET_ASIDE, REJECT, UNPUBLISHED) if c in bad])
    rejects += list(zip(reasons.values(), as_json(shown), strict=True))
    return frame.drop(index=list(reasons))
