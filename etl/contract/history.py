"""History: the columns that the engine keeps beside those of a dimension with versions (type 2).

A version holds for a half-open interval of days, `d >= valid_from AND d < valid_to`. No end is NULL: the first version
of a member reaches back to `BEGINNING`, the last one on to `END`, so that each day has exactly one version.

Where the contract has a change key, the source has a history of its own. Where it has none, the history is what the
nights saw: a version is that of the night that saw it first.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa

from etl.contract import types
from etl.contract.column import Column, Pii, Reference, Role
from etl.core.errors import ContractError

BEGINNING = date(1900, 1, 1)
"""Since when a member's first version holds: the first day that Power BI knows."""
END = date(9999, 12, 31)
"""Until when the last version holds: the last day that there is."""
VALID_FROM, VALID_TO, IS_CURRENT, VERSION = "valid_from", "valid_to", "is_current", "version"
FIRST_SEEN = "first_seen_at"
"""The column that tells versions apart that nights saw: the instant after which the run that saw one first is named."""


def with_history(columns: Sequence[Column]) -> Iterator[Column]:
    """Return a contract's columns, behind them those of its history where it has one.

    Raises ContractError where it says so of one column and nothing of the others, or declares such columns itself.
    """
    yield from columns
    changes = [column for column in columns if column.role is Role.CHANGE_KEY]
    key = next((column.name for column in columns if column.role is Role.SURROGATE_KEY), None)
    if not changes and not any(column.history for column in columns):
        return
    _check(columns, changes, key)
    own = [*([] if changes else [_first_seen()]), *_own(str(key))]
    if taken := {column.name.casefold() for column in columns} & {column.name for column in own}:
        raise ContractError(
            f"The dimension has history, so the engine adds {', '.join(sorted(taken))}, which the contract declares"
            " itself.",
            "Rename that column.",
        )
    yield from own


def columns_of_history(surrogate_key: str) -> set[str]:
    """Name the columns that the engine keeps in a dimension with history, by which one that had it is known."""
    return {VALID_FROM, VALID_TO, VERSION, IS_CURRENT, durable_key_of(surrogate_key)}


def durable_key_of(surrogate_key: str) -> str:
    """Name the durable key beside a surrogate key."""
    return f"{surrogate_key.removesuffix('_key')}_durable_key"


def beginning_of(kind: pa.DataType) -> Any:
    """Return the change key of the version that a member began with."""
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return pa.scalar(BEGINNING, pa.date32()).cast(kind).as_py()
    return "" if pa.types.is_string(kind) else pa.scalar(0).cast(kind).as_py()


def _check(columns: Sequence[Column], changes: Sequence[Column], key: str | None) -> None:
    """Refuse what has history in part."""
    kept = [column.name for column in columns if column.history]
    if key is None:
        raise ContractError(
            f"{(kept or [c.name for c in changes])[0]} is to have history, and the table is no dimension.",
            "Leave history=True out: a fact's rows are what happened; its references say as_of=.",
        )
    if not kept:
        raise ContractError(
            f"{changes[0].name} is a change_key, and no column has history.",
            "Write history=True on the attributes and references whose changes count, or leave change_key out.",
        )
    if len(changes) > 1:
        raise ContractError(
            f"{', '.join(kept)} has history, and {len(changes)} columns tell the changes of a member apart.",
            'Declare one: changed_at: Timestamp = change_key("When it changed."), or the number of the change.',
        )
    kind = changes[0].type if changes else pa.date32()
    if not (pa.types.is_integer(kind) or pa.types.is_string(kind) or is_day(kind)):
        raise ContractError(
            f"{changes[0].name}, a change_key, is of the type {kind}.", "Declare it Integer, Text, Date or Timestamp."
        )
    for column in columns:
        if column.history and column.role not in (Role.ATTRIBUTE, Role.REFERENCE, Role.FOLDED):
            raise ContractError(f"{column.name} is a {column.role}, which has no history.", "Leave history=True out.")
        if column.history and column.pii is Pii.DROP:
            raise ContractError(
                f"{column.name} has history, and is not published (pii=DROP).", "Leave history=True out."
            )
        if isinstance(column, Reference) and column.grain:
            raise ContractError(
                f"{column.name} identifies a member of a dimension with history by another dimension.",
                "Make what finds it a natural_key, and leave grain=True out.",
            )


def is_day(kind: pa.DataType) -> bool:
    """Whether values of a type say since when something holds."""
    return bool(pa.types.is_date(kind) or pa.types.is_timestamp(kind))


def _first_seen() -> Column:
    """Make the column of the engine that a source's change key would be."""
    kind = types.TIMESTAMP.arrow
    told = "The night that first saw the version, by the instant after which its run is named."
    return _column(FIRST_SEEN, kind, datetime.combine(BEGINNING, datetime.min.time(), UTC), told, Role.FIRST_SEEN)


def _own(key: str) -> Iterator[Column]:
    """Make the columns of the engine."""
    told = "A version holds on a day d with d >= valid_from AND d < valid_to; BETWEEN is wrong on the day of a change."
    yield _column(
        VALID_FROM, types.DATE.arrow, BEGINNING, f"First day of the version; of the first one {BEGINNING}. {told}"
    )
    yield _column(
        VALID_TO, types.DATE.arrow, END, f"The day from which the next version holds; of the last one {END}. {told}"
    )
    yield _column(IS_CURRENT, types.FLAG.arrow, True, "Whether the version holds on the business date of the night.")
    yield _column(VERSION, types.INTEGER.arrow, 1, "The member's versions, counted from 1 on.")
    yield _column(
        durable_key_of(key),
        types.KEY.arrow,
        0,
        "The member, the same in all its versions: count and group members by it; 0 is the unknown member.",
        Role.DURABLE_KEY,
    )


def _column(name: str, kind: pa.DataType, unknown: Any, description: str, role: Role = Role.HISTORY) -> Column:
    return Column(name=name, type=kind, role=role, description=description, nullable=False, unknown=unknown)
