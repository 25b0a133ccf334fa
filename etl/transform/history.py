"""Versions of a dimension's members, made of what `build` returned: a row for each change at the source.

Of several changes of a member on one day the last counts, from that day on; neighbours that are equal in all that has
history are one version, which is the first of them; what has no history is in all versions as in the newest.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from etl.contract import Night
from etl.contract.cleaning import business_date
from etl.contract.column import Role
from etl.contract.comparing import arrow_type, comparable
from etl.contract.history import (
    BEGINNING,
    END,
    IS_CURRENT,
    VALID_FROM,
    VALID_TO,
    VERSION,
    beginning_of,
    is_day,
)
from etl.contract.reserved import REJECT, UNPUBLISHED
from etl.contract.table import Contract
from etl.contract.versions import NO_DAY, days_of
from etl.core.counts import Counts
from etl.core.errors import ContractError
from etl.transform.check import Checked
from etl.transform.version_keys import member_codes

Numbers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_TOO_LATE = f"{VALID_FROM} is {END} or later, the day that stands for no end"


def since(frame: pd.DataFrame, contract: Contract, time_zone: str) -> pd.DataFrame:
    """Let each row of a dimension with history say since when it holds, and by which change it came.

    Raises ContractError where build did not return the first, and the change key does not say it.
    """
    if not contract.has_history:
        return frame
    if UNPUBLISHED in frame:
        raise ContractError(
            f"{contract.name}: build returned {UNPUBLISHED}, which no dimension with history may.", "Leave it out."
        )
    if contract.is_seen:
        return frame
    name = str(contract.change_key)
    change = next(column for column in contract.columns if column.name == name)
    if VALID_FROM not in frame:
        if not is_day(change.type):
            raise ContractError(
                f"{contract.name}: build returned no column {VALID_FROM}, and {name} is no time.",
                f"Return {VALID_FROM}: a Date or a Timestamp, NULL for what a member began with.",
            )
        frame = frame.assign(**{VALID_FROM: frame[name]})
    days = days_of(day_of(frame[VALID_FROM], time_zone))
    late = days >= number_of(END)
    if late.any():
        reasons = frame[REJECT] if REJECT in frame else _no_texts(frame)
        frame = frame.assign(**{REJECT: reasons.mask(late & reasons.isna().to_numpy(), _TOO_LATE)})
    values = pa.array(frame[name], from_pandas=True)
    kind = change.type if pa.types.is_null(values.type) else values.type
    filled = pc.fill_null(values.cast(kind), pa.scalar(beginning_of(kind), kind))
    return frame.assign(**{name: pd.Series(pd.array(filled, dtype=pd.ArrowDtype(kind)), index=frame.index)})


def with_versions(checked: Checked, contract: Contract, night: Night) -> None:
    """Make versions of the rows of a dimension with history, in the order of members and days."""
    table = checked.table
    days = np.maximum(days_of(day_of(checked.sound[VALID_FROM], night.time_zone)), number_of(BEGINNING))
    [member] = member_codes([table], contract.natural_key)
    order = np.lexsort((_ranks(table.column(str(contract.change_key))), _instants(checked.sound[VALID_FROM]), member))
    versions = Versions.of(order, member, days, list(_historic(checked, contract)))
    checked.counts += Counts(merged=len(table) - len(versions.own))
    kept = historic_columns(contract)
    checked.table = versions.rows(table, kept, night)
    sound = pa.Table.from_pandas(checked.sound, preserve_index=False)
    checked.sound = versions.rows(sound, kept, night).to_pandas(types_mapper=pd.ArrowDtype)
    checked.found_by = checked.sound[list(contract.found_by)]


@dataclass(frozen=True)
class Versions:
    """The versions that rows make, in the order of members and days, each by the row that it is made of.

    own: these rows; newest: the newest one of the same member; member, days: of each, and since when it holds.
    """

    own: Numbers
    newest: Numbers
    member: Numbers
    days: Numbers

    @classmethod
    def of(cls, order: Numbers, member: Numbers, days: Numbers, historic: Sequence[Numbers]) -> Self:
        """Make versions of rows. order: of members and time; historic: the numbered values of what has history.

        Of several rows of a member on one day the last counts; of neighbours that are equal in `historic` the first.
        """
        member, days = member[order], days[order]
        newest = order[_last(member)[_groups(member)]]
        kept = np.flatnonzero(_differs_from_next(member, days))
        fresh = _begins(member[kept])
        for values in historic:
            fresh[1:] |= np.diff(values[order[kept]]) != 0
        kept = kept[fresh]
        return cls(order[kept], newest[kept], member[kept], days[kept])

    def rows(self, table: pa.Table, kept: set[str], night: Night) -> pa.Table:
        """Take the versions' rows, and say how long each lasts.

        kept: the columns with history; the others are of the newest row of the member.
        """
        mine, theirs = table.take(pa.array(self.own)), table.take(pa.array(self.newest))
        columns = {name: (mine if name in kept else theirs).column(name) for name in table.column_names}
        return pa.table({**columns, **_days_of_versions(self.member, self.days, night)})


def _no_texts(frame: pd.DataFrame) -> pd.Series:
    return pd.Series(pd.array(pa.nulls(len(frame), pa.string()), pd.ArrowDtype(pa.string())), index=frame.index)


def day_of(column: pd.Series, time_zone: str) -> pd.Series:
    """Return the business day of days or instants."""
    return business_date(column, time_zone) if pa.types.is_timestamp(arrow_type(column)) else column


def number_of(day: object) -> int:
    """Count a day from 1970 on."""
    return int(pa.scalar(day, pa.date32()).cast(pa.int32()).as_py())


def _instants(column: pd.Series) -> Numbers:
    return np.asarray(pc.fill_null(comparable(column), NO_DAY))


def _ranks(column: pa.ChunkedArray) -> Numbers:
    return np.asarray(pc.rank(column.combine_chunks(), tiebreaker="dense")).astype(np.int64)


def _begins(codes: Numbers) -> Mask:
    found = np.ones(len(codes), dtype=bool)
    found[1:] = codes[1:] != codes[:-1]
    return found


def _differs_from_next(member: Numbers, days: Numbers) -> Mask:
    """Tell which rows are the last of their member and day."""
    found = np.ones(len(member), dtype=bool)
    found[:-1] = (member[1:] != member[:-1]) | (days[1:] != days[:-1])
    return found


def _groups(member: Numbers) -> Numbers:
    return np.cumsum(_begins(member)) - 1


def _last(member: Numbers) -> Numbers:
    return np.append(np.flatnonzero(_begins(member))[1:], len(member)) - 1 if len(member) else member


def _historic(checked: Checked, contract: Contract) -> Iterator[Numbers]:
    """Number the values of each column with history.

    Of a reference it is what finds the member: whether that is known yet makes no version.
    """
    found_by = {name for column in contract.references if column.history for name in column.on}
    for name in sorted(found_by):
        yield encoded(pa.chunked_array([pa.array(checked.found_by[name], from_pandas=True)]))
    for column in contract.columns:
        if column.history and column.role is Role.ATTRIBUTE:
            yield encoded(checked.table.column(column.name))


def encoded(values: pa.ChunkedArray) -> Numbers:
    """Number values: equal ones, NULL and NaN among them, alike."""
    numbered = values.combine_chunks().dictionary_encode(null_encoding="encode")
    return np.asarray(numbered.indices).astype(np.int64)


def historic_columns(contract: Contract) -> set[str]:
    """Name the columns, of the table and of build, whose values are each version's own."""
    own = (Role.NATURAL_KEY, Role.CHANGE_KEY, Role.FIRST_SEEN)
    kept = {c.name for c in contract.columns if c.history or c.role in own}
    return kept | {name for column in contract.references if column.history for name in column.on}


def _days_of_versions(member: Numbers, days: Numbers, night: Night) -> dict[str, pa.Array]:
    """Say since when and until when each version holds, whether it is today's, and which of its member it is."""
    begins = _begins(member)
    first = np.where(begins, number_of(BEGINNING), days)
    end = np.full(len(member), number_of(END))
    end[:-1] = np.where(begins[1:], end[:-1], first[1:])
    today = number_of(night.business_date)
    groups = _groups(member)
    version = np.arange(len(member)) - np.flatnonzero(begins)[groups] + 1 if len(member) else member
    return {
        VALID_FROM: pa.array(first.astype(np.int32)).cast(pa.date32()),
        VALID_TO: pa.array(end.astype(np.int32)).cast(pa.date32()),
        IS_CURRENT: pa.array((first <= today) & (today < end)),
        VERSION: pa.array(version, pa.int64()),
    }
