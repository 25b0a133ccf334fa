"""From what `build` returned to rows that fulfil the contract: typed, referenced, checked, the rest with a reason."""

import functools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from config.redacted import STARS
from etl.contract.cleaning import business_date
from etl.contract.column import UNKNOWN, Reference, Role, unknown_of
from etl.contract.comparing import arrow_type
from etl.contract.folding import with_folded
from etl.contract.history import IS_CURRENT, VALID_FROM, is_day
from etl.contract.key_index import KeyIndex, compact
from etl.contract.reserved import REJECT, RESERVED, SET_ASIDE, UNPUBLISHED
from etl.contract.table import Contract
from etl.contract.versions import VersionIndex, days_of
from etl.core.counts import Counts, Unknown
from etl.core.errors import ContractError
from etl.transform.fitting import cast, check_kind, misfits, words
from etl.transform.frames import all_but, only
from etl.transform.raw import Reject, as_json
from etl.transform.rules import broken_rules

_TELLING = 3
"""Characters from which on a value in a text is no coincidence."""


@dataclass
class Members:
    """A dimension's keys, to find the members that a table refers to, or their versions as of a day.

    time_zone: of the business, in which an instant is of a day.
    """

    index: KeyIndex | VersionIndex
    keys: npt.NDArray[np.int32] | npt.NDArray[np.int64]
    time_zone: str = "UTC"

    @classmethod
    def of(cls, natural: pa.Table, keys: npt.NDArray[np.int64]) -> "Members":
        """Index natural keys. keys: the surrogate keys, in the same order."""
        return cls(KeyIndex(natural.to_pandas(types_mapper=pd.ArrowDtype)), compact(keys))

    @classmethod
    def of_versions(cls, versions: pa.Table, natural: Sequence[str], key: str, time_zone: str) -> "Members":
        """Index versions. natural: the columns of the members' natural key; key: that of the surrogate key."""
        frame = versions.select([*natural, VALID_FROM, IS_CURRENT]).to_pandas(types_mapper=pd.ArrowDtype)
        return cls(VersionIndex.of(frame, list(natural)), compact(versions.column(key).to_numpy()), time_zone)

    def found(self, columns: list[pd.Series], as_of: pd.Series | None) -> npt.NDArray[np.int64]:
        """Return the surrogate key of each row's member, the unknown one where there is none."""
        if as_of is not None and isinstance(self.index, VersionIndex):
            day = business_date(as_of, self.time_zone) if pa.types.is_timestamp(arrow_type(as_of)) else as_of
            positions = self.index.positions(columns, days_of(day))
        else:
            positions = self.index.positions(columns)
        if not len(self.keys):
            return np.full(len(positions), UNKNOWN, dtype=np.int64)
        return np.where(positions < 0, UNKNOWN, self.keys[positions]).astype(np.int64)


@dataclass
class Checked:
    """Rows that fulfil the contract.

    table: the published columns less the surrogate key; outside: likewise of the rows before the window; found_by: the
    columns of build by which the members are found that the published rows refer to; sound: all rows, with all of
    build's columns, for partials; corrected: published rows of nights before, by correction.
    """

    table: pa.Table
    sound: pd.DataFrame
    found_by: pd.DataFrame = field(default_factory=pd.DataFrame)
    rejects: list[Reject] = field(default_factory=list)
    outside: pa.Table = field(default_factory=lambda: pa.table({}))
    counts: Counts = field(default_factory=Counts)
    corrected: Counter[str] = field(default_factory=Counter)


def check(frame: pd.DataFrame, contract: Contract, members: Mapping[str, Members]) -> Checked:
    """Check what build returned (its columns being those of the contract) row by row.

    members: each dimension's keys. No reason repeats personal data.
    Raises ContractError where a column is of a wrong type; single rows are rejected.
    """
    checked = Checked(pa.table({}), frame)
    frame = _standing(frame, checked, [name for name in contract.personal if name in frame])
    frame, typed = _typed(frame, contract, checked.rejects)
    for column in contract.relationships:
        typed[column.name] = _reference(frame, contract.name, column, members[column.dimension])
    for column in contract.own_references:  # its members have no keys yet
        typed[column.name] = pa.array(np.full(len(frame), UNKNOWN, dtype=np.int64))
    names = [c.name for c in contract.declared if c.name in typed]
    table = pa.table([typed[name] for name in names], names)
    faults = broken_rules(table, contract)
    if faults:
        table = table.filter(pa.array(~np.isin(np.arange(len(frame)), list(faults))))
        frame = _without(frame, faults, checked.rejects)
    checked.sound = frame
    table = with_folded(table, contract.columns)
    checked.found_by = _within_window(table, frame, frame[list(contract.found_by)], checked)
    for column in contract.relationships:
        _count_unknown(checked, checked.table, column)
    return checked


def with_own_references(checked: Checked, contract: Contract, members: Members) -> pa.Table:
    """Return a dimension's rows with the keys of the members of its own that they refer to. members: its own."""
    table = checked.table
    for column in contract.own_references:
        found = _reference(checked.found_by, contract.name, column, members)
        table = table.set_column(table.column_names.index(column.name), column.name, found)
        _count_unknown(checked, table, column)
    return table


def _standing(frame: pd.DataFrame, checked: Checked, personal: list[str]) -> pd.DataFrame:
    """Leave out the rows that build itself sets aside or rejects. personal: columns whose values no reason repeats."""
    if SET_ASIDE in frame:
        left_out = frame[SET_ASIDE].notna().to_numpy()
        reasons = _reasons(frame, SET_ASIDE, left_out, personal)
        by_reason = {str(r["values"]): r["counts"] for r in reasons.value_counts().to_pylist()}
        checked.counts += Counts(set_aside=by_reason)
        frame = only(frame, ~left_out)
    if REJECT in frame:
        broken = frame[REJECT].notna().to_numpy()
        reasons = _reasons(frame, REJECT, broken, personal)
        places = np.flatnonzero(broken).tolist()
        frame = _without(frame, dict(zip(places, reasons.to_pylist(), strict=True)), checked.rejects)
    return frame


def _reasons(frame: pd.DataFrame, column: str, rows: npt.NDArray[np.bool_], personal: list[str]) -> pa.Array:
    """Return build's reasons for some rows, without the row's own personal data: reasons are told, and counted."""
    given = pa.array(frame[column], from_pandas=True).filter(pa.array(rows))
    if not personal or not len(given):
        return given
    reasons = given.to_pylist()
    for name in personal:
        values = pa.array(frame[name], from_pandas=True).filter(pa.array(rows)).to_pylist()
        pairs = zip(reasons, map(str, values), strict=True)
        reasons = [reason.replace(value, STARS) if len(value) >= _TELLING else reason for reason, value in pairs]
    return pa.array(reasons, pa.string())


def _within_window(table: pa.Table, frame: pd.DataFrame, part: pd.DataFrame, checked: Checked) -> pd.DataFrame:
    """Part the rows of a table that are published from those before the window; returns the part of the frame, too."""
    checked.table = table
    if UNPUBLISHED not in frame:
        return part
    outside = frame[UNPUBLISHED].fillna(False).to_numpy(dtype=bool)
    if not outside.any():
        return part
    checked.counts += Counts(before_window=int(outside.sum()))
    checked.table, checked.outside = table.filter(pa.array(~outside)), table.filter(pa.array(outside))
    return only(part, ~outside)


def unknown_member(contract: Contract) -> pa.Table:
    """Make the row of a dimension that stands for what is not known."""
    values = [pa.array([unknown_of(column)], column.type) for column in contract.columns]
    return pa.table(values, contract.schema)


def check_columns(frame: pd.DataFrame, contract: Contract) -> None:
    """Raise ContractError where build returned other columns than the contract wants."""
    needed = {c.name for c in contract.built}
    needed |= {*contract.found_by, *contract.as_of}
    needed |= {name.removeprefix("-") for name in contract.survivor}
    needed |= {contract.window} if contract.window else set()
    more = {*RESERVED, *contract.dropped, *([VALID_FROM] if contract.has_history else [])}
    returned = set(map(str, frame.columns))
    missing, stray = sorted(needed - returned), sorted(returned - needed - more)
    if missing:
        raise ContractError(
            f"{contract.name}: build returned no column {', '.join(missing)}, which the contract requires.",
            f"It returned: {', '.join(map(str, frame.columns))}.",
        )
    if stray:
        raise ContractError(
            f"{contract.name}: build returned a column {', '.join(stray)}, unknown to the contract.",
            "Declare it in the contract, or do not return it.",
        )


def check_kinds(frame: pd.DataFrame, contract: Contract) -> None:
    """Raise ContractError where a column that build returned has values of another kind than its contract wants."""
    wanted = {c.name: c.type for c in contract.columns if c.name in frame and c.role is not Role.HISTORY} | {
        name: column.type for name, column in RESERVED.items() if name in frame
    }
    found = frame.dtypes
    for name, kind in wanted.items():
        check_kind(contract.name, name, found[name].pyarrow_dtype, kind)
    for name in (*contract.as_of, *([VALID_FROM] if contract.has_history and VALID_FROM in frame else [])):
        _check_day(contract.name, name, found[name].pyarrow_dtype)


def _check_day(table: str, name: str, kind: pa.DataType) -> None:
    """Refuse a column that says on which day, or since when, and holds neither days nor instants."""
    if not (pa.types.is_null(kind) or is_day(kind)):
        raise ContractError(
            f"{table}: build returned {words(kind)} for {name}, which says the day of a version.",
            "Let it be a Date or a Timestamp.",
        )
    if pa.types.is_timestamp(kind):
        check_kind(table, name, kind, pa.timestamp("us", "UTC"))


def before_window(frame: pd.DataFrame, contract: Contract, window_start: date) -> pd.DataFrame:
    """Mark the rows that lie before the published window, where the contract says by which column that is judged.

    Raises ContractError where it is no Date, or build marked them itself as well.
    """
    if contract.window is None:
        return frame
    if UNPUBLISHED in frame:
        raise ContractError(
            f"{contract.name}: build returned {UNPUBLISHED}, and the contract says window={contract.window!r}.",
            "Leave one of them out.",
        )
    check_kind(contract.name, contract.window, arrow_type(frame[contract.window]), pa.date32())
    return frame.assign(**{UNPUBLISHED: (frame[contract.window] < window_start).astype(pd.ArrowDtype(pa.bool_()))})


def _typed(frame: pd.DataFrame, contract: Contract, rejects: list[Reject]) -> tuple[pd.DataFrame, dict[str, pa.Array]]:
    """Turn the contract's columns into its exact types; a value that does not fit rejects its row."""
    columns = contract.built
    while True:
        typed: dict[str, pa.Array] = {}
        faults: dict[int, str] = {}
        for column in columns:
            values = _arrow(frame[column.name])
            try:
                typed[column.name] = cast(values, column.type)
            except pa.ArrowInvalid:
                faults |= misfits(column.name, values, column.type)
        if not faults:
            return frame, typed
        frame = _without(frame, faults, rejects)


def _arrow(series: pd.Series) -> pa.Array:
    values = pa.array(series, from_pandas=True)
    return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values


def _reference(frame: pd.DataFrame, table: str, column: Reference, members: Members) -> pa.Array:
    as_of = frame[column.as_of] if column.as_of else None
    try:
        return pa.array(members.found([frame[name] for name in column.on], as_of))
    except ContractError as error:
        raise ContractError(f"{table}: {error.message}", error.hint) from None


def _count_unknown(checked: Checked, table: pa.Table, column: Reference) -> None:
    missing = pc.equal(table.column(column.name), UNKNOWN)
    count = pc.sum(missing).as_py() or 0
    if count:
        nulls = [pa.array(checked.found_by[name], from_pandas=True).is_null() for name in column.on]
        null = pc.sum(pc.and_(missing, functools.reduce(pc.or_, nulls))).as_py()
        checked.counts += Counts(unknown={column.name: Unknown(null=null, unmatched=count - null)})


def _without(frame: pd.DataFrame, reasons: dict[int, str], rejects: list[Reject]) -> pd.DataFrame:
    """Move rows (by position) from the frame to the rejects."""
    if not reasons:
        return frame
    positions = np.fromiter(sorted(reasons), dtype=np.int64)
    bad = frame.iloc[positions]
    shown = bad.drop(columns=[c for c in RESERVED if c in bad])
    rejects += list(zip((reasons[p] for p in positions.tolist()), as_json(shown), strict=True))
    return all_but(frame, positions)
