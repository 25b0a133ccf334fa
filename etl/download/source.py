"""What the download stage needs of a source database, whatever it is."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from etl.company.queries import Query
from etl.company.sql import binds_of
from etl.core.errors import ContractError, SourceError
from etl.core.manifest import RawColumn
from etl.core.personal import without_values
from etl.core.receipt import TableReceipt
from etl.download.writer import RawWriter
from etl.guards.newest import check_newest
from etl.receipts.level import Extent


@dataclass(frozen=True)
class Plan:
    """What a query will give: its columns, and the source's guess at its rows and bytes (None: it does not guess).

    ranges: the conditions of the parts that are extracted one by one; none where it is extracted as a whole.
    reads_clock: whether its rows hang on when its transaction began, so that rows and receipt need to share one.
    """

    query: Query
    columns: tuple[RawColumn, ...]
    rows: int | None
    bytes: int | None
    ranges: tuple[str, ...] = ()
    reads_clock: bool = False


@dataclass(frozen=True)
class Horizon:
    """How far a source can be trusted to show what was written.

    clock: the source's; oldest: the start of the oldest transaction that was open or prepared before the snapshot; None
    where there is none; is_held: whether it is not known when one of them began; history: another one when the database
    was restored or its server replaced, which may have lost what was read already. remark: what keeps the source from
    saying so, and what to do.
    """

    clock: datetime
    oldest: datetime | None = None
    is_held: bool = False
    history: str = ""
    remark: str = ""


class SnapshotError(SourceError):
    """What was planned is not what would be read, or cannot be locked: all is to begin again, in a new snapshot."""

    def __init__(self, message: str, hint: str = "", *, transient: bool = True) -> None:
        super().__init__(message, hint, transient=transient)


@dataclass(frozen=True)
class Limits:
    """What its owner lets us ask of a source.

    connections: queries at once; lock_seconds: how long each may wait for a lock; stall_seconds: how long a connection
    may hang; statement_seconds: how long one statement may take, bytes_per_second: how much may be read; 0: any.
    """

    connections: int
    lock_seconds: int
    stall_seconds: int
    statement_seconds: int
    bytes_per_second: float


class Source(Protocol):
    """An open source: everything is read from the one snapshot that it holds. A context manager."""

    as_of: datetime

    def __enter__(self) -> "Source": ...

    def __exit__(self, *exc: object) -> None: ...

    def plan(self, query: Query) -> Plan:
        """Ask for the query's columns without running it. Raises SourceError naming file and line."""

    def extract(self, plan: Plan, path: Path, where: str | None) -> RawWriter:
        """Run the query, or the range of it for which a condition holds, into a CSV; returns the finished writer.

        May be called from several threads; what one thread asks, it asks in one transaction.
        """

    def receipt(self, plan: Plan, extent: Extent) -> TableReceipt | None:
        """Let the source itself compute what the query gives, None where it cannot; for several threads."""

    def greatest(self, plan: Plan, column: str) -> str | None:
        """Return a column's greatest value, as receipts write it; None where the source does not say it."""

    def horizon(self) -> Horizon:
        """Return what the source showed before its snapshot; to be called before a query is extracted."""

    def ground_of(self, name: str) -> str | None:
        """Return what stands for a table, as SQL names it, until it is made anew or rewritten; None if it is none."""

    def alive(self) -> bool:
        """Whether the snapshot is still there, so that a query that was cut can be run again."""

    def stop(self) -> None:
        """End the extractions that are under way in other threads; they raise whatever they raise then."""

    @property
    def connections(self) -> int:
        """How many queries may run at once."""


def _named(query: Query) -> list[str]:
    told = (query.partition_on, query.tolerance.newest, query.watermark, query.deleted)
    more = tuple(name for name in told if name)
    return [name.removeprefix("-") for name in query.key + query.survivor + query.group_by + more + query.pii]


@contextmanager
def told_without_values(query: Query) -> Iterator[None]:
    """Let what the source says of a query tell no value that it quotes, if the query reads personal data."""
    try:
        yield
    except SourceError as error:
        if error.transient or not query.is_personal:  # what passes is about connections and locks
            raise
        raise type(error)(without_values(error.message), error.hint, transient=error.transient) from None


def check_binds(query: Query, known: Iterable[str]) -> None:
    """Refuse a :name that has no value. Raises ContractError."""
    unknown = sorted(binds_of(query.sql, query.dialect) - set(known))
    if unknown:
        raise ContractError(
            f"{query.path} uses :{unknown[0]}, which is not a known name.",
            f"Known: {', '.join(f':{name}' for name in known)}.",
        )


def checked_columns(query: Query, columns: list[RawColumn]) -> tuple[RawColumn, ...]:
    """Refuse columns of one name, and a key or group that names none; mark personal data. Raises ContractError."""
    names = [column.name for column in columns]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise ContractError(f"{query.path} returns two columns named {doubled[0]}.", "Give each column a name (AS).")
    unknown = [name for name in _named(query) if name not in names]
    if unknown:
        raise ContractError(
            f"{query.path}: the header names the column {unknown[0]}, which the query does not return.",
            f"It returns: {', '.join(names)}.",
        )
    if query.tolerance.newest:
        check_newest(query.path, columns[names.index(query.tolerance.newest)])
    personal = _personal(query, names)
    return tuple(column.model_copy(update={"personal": column.name in personal}) for column in columns)


def _personal(query: Query, names: list[str]) -> frozenset[str]:
    """Name the columns of personal data. Those whose values are told each night are to be none."""
    found = query.marks.in_query(query.name, names, query.pii)
    told = {"newest": query.tolerance.newest, "watermark": query.watermark}
    for line, name in told.items():
        if name in found and (name in query.pii or name in query.marks.marked):
            raise ContractError(
                f"{query.path}: `-- {line}: {name}` names personal data, whose values are never shown.",
                "Name another column, or leave the line out.",
            )
    return found - set(told.values())
