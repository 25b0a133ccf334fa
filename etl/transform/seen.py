"""Versions that the nights saw, of a dimension whose source knows but what is: the log is what is published of it.

A version is that of the night that saw it first. Tonight's row of a member that is as its last version says is that
version; another one begins a new version, on the day of the night, or since when `build` says that it is so: not before
the last published night, which still saw the old one, nor after tonight. Of several on one day the last counts; a
member without a row tonight stays as it was. Versions that tonight's run itself saw first, or a later one, are not
part of the log that it continues: a night that is built again is what it was.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from etl.contract import Night
from etl.contract.column import Role
from etl.contract.history import BEGINNING, FIRST_SEEN, VALID_FROM
from etl.contract.table import Contract
from etl.contract.versions import NO_DAY, days_of
from etl.core.clock import date_at
from etl.core.counts import Counts
from etl.core.errors import ContractError
from etl.core.runs import run_time
from etl.transform.check import Checked
from etl.transform.context import Context
from etl.transform.correct import corrected
from etl.transform.history import Numbers, Versions, day_of, encoded, historic_columns, number_of
from etl.transform.still_referred import todays_keys, with_todays_keys
from etl.transform.version_keys import member_codes

FOUND_BY = " found by "
"""Begins the names of columns by which members of the same dimension are found."""


@dataclass(frozen=True)
class Seeing:
    """A night that looks at members. at: which one, by its run; earliest: the day from which on it may see changes.

    known: the columns of whose values nights before have told.
    """

    night: Night
    at: datetime
    earliest: int
    known: frozenset[str]

    @classmethod
    def of(cls, context: Context, contract: Contract) -> "Seeing":
        """Return the night in which a dimension is built."""
        before = context.before.get(contract.name)
        zone = context.night.time_zone
        earliest = number_of(date_at(before.as_of, zone) if before else BEGINNING)
        known = before.columns(contract) if before else frozenset[str]()
        return cls(context.night, run_time(context.raw.name), earliest, known)

    @property
    def is_log(self) -> bool:
        """Whether what was published is a log: it is none where the dimension had no history then."""
        return {FIRST_SEEN, VALID_FROM} <= self.known


class Log:
    """The versions that nights before saw of a dimension's members, as they are published.

    corrected: how many of those that were read a correction is of.
    """

    def __init__(self, context: Context, contract: Contract, seeing: Seeing) -> None:
        """Read the keys of what they refer to."""
        self.corrected: Counter[str] = Counter()
        self._contract, self._seeing = contract, seeing
        self._corrections = context.corrections_of(contract.name)
        self._before = context.before.get(contract.name) if seeing.is_log else None
        self._keys = todays_keys(context, contract) if self._before else {}

    def parts(self) -> Iterator[pa.Table]:
        """Read them, some rows at a time, with tonight's keys of what they refer to; one table at least."""
        yield pa.table([pa.array([], field.type) for field in self._contract.schema], self._contract.schema.names)
        for part in self._before.parts(self._contract) if self._before else ():
            rows, counts = corrected(
                part.filter(pc.field(FIRST_SEEN) < self._seeing.at), self._corrections, is_kept=True
            )
            self.corrected += counts
            yield with_todays_keys(rows, self._contract, self._keys)


def tonights_rows(checked: Checked, night: Night) -> pa.Table:
    """Return tonight's rows, each with the day since when it is so, by `build`'s word; NULL where that says nothing."""
    table, sound = checked.table, checked.sound
    days = pa.nulls(len(table), pa.date32())
    if VALID_FROM in sound:
        days = pa.array(day_of(sound[VALID_FROM], night.time_zone), from_pandas=True).cast(pa.date32())
    return table.append_column(VALID_FROM, days)


def with_own(tonight: pa.Table, log: pa.Table, contract: Contract, found_by: pd.DataFrame) -> tuple[pa.Table, pa.Table]:
    """Append what finds the members of the same dimension to which rows refer: of the log, by their published keys."""
    numbers = log.column(str(contract.surrogate_key)).to_numpy()
    order = np.argsort(numbers)
    for reference in contract.own_references:
        keys = log.column(reference.name).to_numpy()
        places = np.minimum(np.searchsorted(numbers[order], keys), max(len(log) - 1, 0))
        found = order[places] if len(log) else places
        is_there = numbers[found] == keys if len(log) else np.zeros(0, dtype=bool)
        for name, key in zip(reference.on, reference.key, strict=True):
            mine = pa.array(found_by[name], from_pandas=True)
            theirs = log.column(key).take(pa.array(found, mask=~is_there)).cast(mine.type)
            tonight, log = tonight.append_column(FOUND_BY + name, mine), log.append_column(FOUND_BY + name, theirs)
    return tonight, log


def versions_seen(tonight: pa.Table, log: pa.Table, contract: Contract, seeing: Seeing) -> tuple[pa.Table, Counts]:
    """Make versions of tonight's rows and of the log; returns them and how many there are besides those rows.

    tonight: as `tonights_rows` returns them; log: as `Log.parts` does; both with the same columns besides those of the
    engine.
    """
    names = [name for name in tonight.column_names if name != VALID_FROM]
    of_log, of_tonight = member_codes([log, tonight], contract.natural_key)
    _check_order(log, of_log, contract)
    today = number_of(seeing.night.business_date)
    before = np.minimum(_days(log), today)
    since = _days(tonight)
    since = np.where(since == NO_DAY, today, np.clip(since, min(seeing.earliest, today), today))
    newest = np.full(max(of_log.max(initial=-1), of_tonight.max(initial=-1)) + 1, number_of(BEGINNING))
    np.maximum.at(newest, of_log, before)
    days = np.concatenate([before, np.maximum(since, newest[of_tonight])])
    member = np.concatenate([of_log, of_tonight])
    is_tonight = np.arange(len(member)) >= len(log)
    both = pa.concat_tables([log.select(names), tonight.select(names)], promote_options="none")
    first_seen = pa.chunked_array([*log.column(FIRST_SEEN).chunks, _all(seeing.at, len(tonight), log)])
    both = both.append_column(FIRST_SEEN, first_seen)
    historic = [encoded(both.column(name)) for name in _compared(contract, seeing)]
    versions = Versions.of(np.lexsort((is_tonight, days, member)), member, days, historic)
    kept = historic_columns(contract)
    if seeing.is_log:
        kept &= seeing.known
    return versions.rows(both, kept, seeing.night), Counts(earlier=len(versions.own) - len(tonight))


def _check_order(log: pa.Table, member: Numbers, contract: Contract) -> None:
    """Raise ContractError where versions do not hold in the order in which nights saw them."""
    order = np.lexsort((log.column(FIRST_SEEN).cast(pa.int64()).to_numpy(), member))
    days, member = _days(log)[order], member[order]
    is_first = np.append(True, member[1:] != member[:-1])[: len(member)]
    wrong = np.append(False, days[1:] <= days[:-1])[: len(member)] & ~is_first | is_first & (
        days != number_of(BEGINNING)
    )
    if wrong.any():
        row = log.slice(int(order[np.flatnonzero(wrong)[0]]), 1).to_pylist()[0]
        raise ContractError(
            f"{contract.name}: by a correction the version that was first seen at {row[FIRST_SEEN]} holds since"
            f" {row[VALID_FROM]}, not after the one before it, or its member's first one not since {BEGINNING}.",
            f"Correct {VALID_FROM} to a day between those of the versions around it; a first version has no other day.",
        )


def _days(table: pa.Table) -> Numbers:
    return days_of(table.column(VALID_FROM).to_pandas(types_mapper=pd.ArrowDtype))


def _all(at: datetime, rows: int, log: pa.Table) -> pa.Array:
    """Repeat the instant by which tonight's versions are known."""
    kind = log.schema.field(FIRST_SEEN).type
    return pa.repeat(pa.scalar(at, kind), rows)


def _compared(contract: Contract, seeing: Seeing) -> list[str]:
    """Name the columns another value in which makes a version.

    One whose values nobody knows of the log is as tonight in all versions.
    """
    roles = (Role.ATTRIBUTE, Role.REFERENCE)
    return [c.name for c in contract.columns if c.history and c.role in roles and c.name in {*seeing.known}]
