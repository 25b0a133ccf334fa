"""What of a query has changed: the question from a watermark on, and from where the next run has to ask.

A row counts as changed if its watermark is not before that of the last run, or NULL. From where on that is: the least
of the greatest watermark seen, the source's clock and the start of its oldest open transaction, whose rows may carry
that time and are not to be seen yet; less the lag. The clock of this machine is never asked.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

import pyarrow as pa

from etl.company.queries import SINCE, Query
from etl.company.sql import binds_of, moves_by_itself, table_of_rows
from etl.core.arrow_types import arrow_type
from etl.core.errors import ContractError
from etl.core.manifest import RawColumn, RawTable
from etl.download.source import Horizon

SPOKEN = ("postgres", "mysql")
"""The dialects in which a question from a watermark on can be asked."""

MOST_LAYERS = 32
"""Of a table, before it is read in full: each is a file more to read, and nights without a full one are few."""

_SWEPT_EVERY = {"nightly": timedelta(0), "weekly": timedelta(days=6, hours=12), "never": timedelta.max}

_CLOCK_SET_BACK = timedelta(hours=2)
"""How much times without a zone may go back in autumn: by one hour, in few places by two."""


@dataclass(frozen=True)
class Question:
    """How a query is asked tonight. query: with the SQL to run; whole: the query for all rows.

    asked: the fingerprint of what is asked; parent: what the changes are put upon, None for all.
    since: the watermark from which on; why: the reason for which all of it is read; sweep: asks for the keys alone;
    comes_by_keys: whether all rows of a key come, where one changed; ground: what stands for the table that is read, as
    long as it is the same one.
    """

    query: Query
    whole: Query
    asked: str
    parent: RawTable | None = None
    since: str | None = None
    why: str = ""
    sweep: Query | None = None
    comes_by_keys: bool = False
    ground: str | None = None

    @property
    def full(self) -> "Question":
        """The same question for all rows."""
        return Question(self.whole, self.whole, self.asked, ground=self.ground)


def question(
    query: Query,
    parent: RawTable | str,
    horizon: Horizon,
    binds: Mapping[str, str],
    ground_of: Callable[[str], str | None],
) -> Question:
    """Return how to ask a query that has a watermark, and all of it where that cannot be asked by its changes.

    parent: what was extracted before, of the published run, or why that is not there; binds: the night's values;
    ground_of: gives what stands for one of the source's tables as long as it is the same one; None where a name is no
    table's.
    """
    asked = _fingerprint(query, binds)
    is_wrapped = SINCE not in binds_of(query.sql, query.dialect)
    table = table_of_rows(query.sql, query.dialect) if is_wrapped and query.dialect in SPOKEN else None
    ground = ground_of(table) if table else None
    whole = Question(query.whole, query.whole, asked, ground=ground)
    why = _why_in_full(query, is_wrapped, ground) or _why_anew(parent, asked, ground, horizon.history)
    since = parent.changes.since if isinstance(parent, RawTable) and parent.changes else None
    if not why and since and not isinstance(query.lag, int) and _is_after(since, horizon.clock):
        why = f"its watermark is at {since}, and the source's clock says {horizon.clock.isoformat()}"
    if why or isinstance(parent, str) or since is None:
        return replace(whole, why=why)
    return replace(
        whole,
        query=changed_since(query, since),
        parent=parent,
        since=since,
        sweep=_keys(query) if _is_swept(query, parent, horizon.clock) else None,
        comes_by_keys=bool(query.survivor) or not is_wrapped,
    )


def next_since(
    query: Query, column: RawColumn, greatest: str | None, horizon: Horizon, before: str | None
) -> tuple[str | None, str | None]:
    """Return the greatest watermark as far as the source's clock has come, and the one from which to ask next.

    greatest: the greatest that was read, as receipts write it; None where there is none yet. before: the one from which
    on was asked.
    """
    if greatest is None:
        return None, None
    if horizon.is_held:
        return greatest, before
    if isinstance(query.lag, int):
        return greatest, str(int(greatest) - query.lag)
    kind, late = arrow_type(column.type), horizon.clock - min(horizon.oldest or horizon.clock, horizon.clock)
    if pa.types.is_date(kind):
        day = min(date.fromisoformat(greatest), horizon.clock.date())
        first = min(day, _less(horizon.clock, late + query.lag).date())
        since_day = _less(datetime.combine(first, time()), timedelta(days=1)).date()
        return day.isoformat(), since_day.isoformat()  # whatever the zone of the source's days
    known = min(datetime.fromisoformat(greatest), horizon.clock)
    # of times without a zone it is not known when a transaction began, but how long ago
    since = min(known, horizon.clock - late) if kind.tz else _less(known, late + _CLOCK_SET_BACK)
    return known.isoformat(), str(_less(since, query.lag))


def _less(at: datetime, span: timedelta) -> datetime:
    """Go back, but not before the first year: in there, some applications write what they do not know."""
    first = datetime.min.replace(tzinfo=at.tzinfo)
    return at - span if at - first > span else first


def in_order(figure: str) -> tuple[int, str]:
    """Order figures as receipts write them: numbers by size, times by their text."""
    return (int(figure), "") if figure.lstrip("-").isdecimal() else (0, figure)


def check_watermark(query: Query, columns: Sequence[RawColumn]) -> None:
    """Refuse a watermark that has no order that means anything. Raises ContractError."""
    for column in columns:
        is_flag = pa.types.is_boolean(arrow_type(column.type)) or column.source_type.startswith(("tinyint", "bit"))
        if column.name == query.deleted and is_flag:
            raise ContractError(
                f"{query.path}: `-- deleted: {column.name}` names a column of {column.source_type}, but rows count as"
                " deleted where it is not NULL, as false is.",
                f"Return another column, such as CASE WHEN {column.name} THEN 1 END AS deleted, and name that one.",
            )
        if column.name != query.watermark:
            continue
        kind = arrow_type(column.type)
        is_number, is_time = pa.types.is_integer(kind), pa.types.is_timestamp(kind) or pa.types.is_date(kind)
        if not (is_number or is_time):
            raise ContractError(
                f"{query.path}: `-- watermark: {column.name}` names a column of {column.source_type}, which is no time"
                " and no whole number.",
                "Name the column that every change of a row sets: a timestamp, a date, or a number that grows.",
            )
        if is_number != isinstance(query.lag, int):
            raise ContractError(
                f"{query.path}: the watermark {column.name} is {'a number' if is_number else 'a time'}, but the lag is"
                f" {'a time' if is_number else 'a number'}.",
                "Write `-- lag: 1000` for a number that grows: how many may be given out and not yet committed."
                if is_number
                else "Write `-- lag: 15 min`.",
            )


def _why_in_full(query: Query, is_wrapped: bool, ground: str | None) -> str:
    """Say why a query can never be read by its changes; nothing where it can."""
    if query.dialect not in SPOKEN:
        return "its source cannot be asked for changes"
    if word := moves_by_itself(query.sql, query.dialect):
        return f"it uses {word}, by which its rows change and no watermark does"
    if is_wrapped and query.group_by:
        return f"its groups have to come whole: place :{SINCE} so that they do"
    if is_wrapped and ground is None:
        return f"its rows are not those of one table, and :{SINCE} is not placed"
    if is_wrapped and query.row_security:
        return f"the source's row security decides which rows it shows, and :{SINCE} is not placed"
    return ""


def _why_anew(parent: RawTable | str, asked: str, ground: str | None, history: str) -> str:
    """Say why what was extracted before is no ground to stand on; nothing where it is."""
    if isinstance(parent, str):
        return parent
    if parent.changes is None or parent.changes.since is None:
        return "the run that was published knows no watermark of it"
    if parent.changes.asked != asked:
        return "the query, or a value of the night in it, is another"
    if parent.changes.history != history:
        return "its database was restored, or another server took over, and may have lost what was read already"
    if parent.changes.ground != ground:
        return "its table was made anew, emptied or rewritten"
    if len(parent.changes.layers) >= MOST_LAYERS:
        return f"it stands on {MOST_LAYERS} layers"
    return ""


def _fingerprint(query: Query, binds: Mapping[str, str]) -> str:
    used = {name: binds.get(name, "") for name in sorted(binds_of(query.sql, query.dialect) - {SINCE})}
    return hashlib.sha256(json.dumps([query.sha256, query.source, used]).encode()).hexdigest()


def changed_since(query: Query, since: str) -> Query:
    """Ask for the rows from a watermark on: where the author placed it, or around the query."""
    at = _literal(since, query.dialect)
    if SINCE in binds_of(query.sql, query.dialect):
        return query.since(at)
    name = _quoted(str(query.watermark), query.dialect)
    where = f"{name} >= {at} OR {name} IS NULL"
    every = f"SELECT * FROM ({query.sql}\n) AS query WHERE"
    if not query.survivor:
        return replace(query, sql=f"{every} {where}")
    keys = [_quoted(key, query.dialect) for key in query.key]  # whose rows decide which one stays
    nulls = " OR ".join(f"{key} IS NULL" for key in keys)
    some = f"({', '.join(keys)}) IN (SELECT {', '.join(keys)} FROM ({query.sql}\n) AS changed WHERE {where})"
    return replace(query, sql=f"{every} {some}\nUNION ALL\n{every} {nulls}")  # an OR would use no index


def _keys(query: Query) -> Query:
    """Ask for the keys of all rows that there are."""
    whole = query.whole
    names = [_quoted(key, query.dialect) for key in dict.fromkeys(query.key)]
    where = f" WHERE {_quoted(query.deleted, query.dialect)} IS NULL" if query.deleted else ""
    return replace(
        whole,
        name=f"{query.name}.sweep",
        sql=f"SELECT {', '.join(names)} FROM ({whole.sql}\n) AS query{where}",
        survivor=(),
        group_by=(),
        watermark=None,
        deleted=None,
        partition_on=query.partition_on if query.partition_on in query.key else None,
        tolerance=replace(query.tolerance, newest=None),
        pii=tuple(name for name in query.pii if name in query.key),
    )


def _is_swept(query: Query, parent: RawTable, clock: datetime) -> bool:
    """Whether the keys are to be compared tonight: as often as the header says, counted from the last time."""
    swept = parent.changes.swept if parent.changes else None
    return swept is None or clock - swept >= _SWEPT_EVERY[query.sweep]


def _is_after(since: str, clock: datetime) -> bool:
    """Whether a watermark is of a later day than the source's clock, whatever its zone."""
    at = datetime.fromisoformat(since)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)) > clock + timedelta(hours=26 * (at.tzinfo is None))


def _literal(since: str, dialect: str) -> str:
    """Write a watermark as SQL reads it. MySQL's sessions are in UTC, and its literals have no zone."""
    text = since.removesuffix("+00:00") if dialect == "mysql" else since
    return text if text.lstrip("-").isdecimal() else f"'{text}'"


def _quoted(name: str | None, dialect: str) -> str:
    quote = "`" if dialect == "mysql" else '"'
    return f"{quote}{str(name).replace(quote, quote * 2)}{quote}"
