"""A database through SQLAlchemy, with a server-side cursor, in batches, in one transaction."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from etl.company.queries import Query
from etl.core.errors import ContractError, SourceError
from etl.core.log import log
from etl.core.origin import described
from etl.core.receipt import TableReceipt
from etl.download.generic.columns import raw_columns
from etl.download.generic.database import run
from etl.download.generic.errors import (
    DRIVER_FAULTS,
    DriverError,
    check_file,
    fault_of,
    no_driver,
    unreachable,
    unwritable,
)
from etl.download.generic.kinds import database_of, quoted
from etl.download.generic.values import UnknownClass
from etl.download.generic.wire import Wire, abandon, interruptible
from etl.download.source import Horizon, Limits, Plan, check_binds
from etl.download.throttle import Throttle
from etl.download.watch import Watch
from etl.download.writer import RawWriter
from etl.receipts.level import Extent
from etl.receipts.portable import Portable, proven, read
from etl.receipts.sql import receipt_from, receipt_parts

_CONNECT_SECONDS = 15
_GRACE = 5
"""Seconds by which a server may be late in ending a statement that takes too long."""

logging.getLogger("sqlalchemy.pool").addHandler(logging.NullHandler())  # a dead connection is told by us


class GenericSource:
    """A database that SQLAlchemy speaks to. One connection, so that all queries see one transaction's snapshot."""

    connections = 1
    as_of: datetime

    def __init__(self, name: str, url: URL, limits: Limits, binds: dict[str, str]) -> None:
        """binds: the values of the :names that a query may use."""
        self._name, self._where, self._limits, self._binds = name, described(url), limits, binds
        self._throttle = Throttle(limits.bytes_per_second)
        self._wire = Wire()
        self._stopped = False
        self._cut_because: str | None = None
        self._lost: SourceError | None = None
        self._database = database_of(url, limits)
        if self._database.is_file:
            check_file(name, url, self._where)
        self._engine = self._made()

    def _made(self) -> Engine:
        try:
            options = self._database.engine_options()
            return create_engine(self._database.engine_url(), poolclass=NullPool, pool_reset_on_return=None, **options)
        except (NoSuchModuleError, ImportError) as error:
            raise no_driver(self._name, error) from None
        except DRIVER_FAULTS as error:
            raise unreachable(self._database.faults, error, self._name, self._where, None) from None

    def __enter__(self) -> "GenericSource":
        try:
            interruptible(self._begin, self._wire.cut)
        except BaseException:
            self.__exit__(BaseException)
            raise
        limits = self._limits
        seconds = limits.stall_seconds if self._wire else float("inf")
        longest = limits.statement_seconds and limits.statement_seconds + (_GRACE if self._wire else 0)
        self._watch = Watch(seconds, longest, self._at_work, lambda _, why: self._cut(why)).__enter__()
        return self

    _connection: Connection | None = None
    _watch: Watch[Query] | None = None

    def _begin(self) -> None:
        try:
            with self._wire.opening(_CONNECT_SECONDS):
                self._connection = self._connected()
                self.as_of = self._database.begin(self._connection)
                self._session = self._database.session(self._connection)
        except (DriverError, SQLAlchemyError) as error:
            late = _CONNECT_SECONDS if self._wire.was_cut else None
            cause = error.__cause__ if isinstance(error, DriverError) else error
            raise unreachable(self._database.faults, cause or error, self._name, self._where, late) from None

    def _connected(self) -> Connection:
        try:
            return self._engine.connect()
        except DRIVER_FAULTS as error:
            raise DriverError from error

    def __exit__(self, *exc: object) -> None:
        if self._watch:
            self._watch.__exit__()
        if self._connection:
            with suppress(SQLAlchemyError):
                if exc[:1] != (None,):  # what is under way is not read to its end
                    self._connection.invalidate()
                self._connection.close()
        self._wire.close()
        self._engine.dispose()

    def plan(self, query: Query) -> Plan:
        """Ask for the query's columns without reading its rows."""
        query = query.whole
        if query.partition_on:
            raise ContractError(
                f"{query.path}: only PostgreSQL's queries can be split by `-- partition on:`.", "Leave the line out."
            )
        check_binds(query, self._binds)

        def ask() -> tuple[Any, list[str]]:
            with self._asking(query, lambda: 0) as connection:
                told = self._database.columns(connection, query, self._binds)
                return told, self._database.remarks(connection, query)

        told, remarks = interruptible(ask, lambda: self._cut("the night was ended"))
        for remark in remarks:
            log.warning("download %s: %s", query.name, remark)
        return Plan(query, raw_columns(query, told), None, None)

    def extract(self, plan: Plan, path: Path, where: str | None) -> RawWriter:
        """Run the query into a CSV, batch by batch; it has no ranges."""
        query, names = plan.query, [column.name for column in plan.columns]
        sql = self._database.reading(query.sql, plan.columns, query.group_by, self._quoted)
        with (
            RawWriter(path, names, tuple(map(names.index, query.group_by)), self._throttle.take) as writer,
            self._rows(query, sql, writer.so_far, names) as rows,
        ):
            try:
                for lines in self._database.batches(rows, plan.columns):
                    writer.write_lines(lines)
            except UnknownClass as found:
                raise unwritable(query, *found.args) from None
        return writer

    def receipt(self, plan: Plan, extent: Extent) -> TableReceipt | None:
        """Let the database compute what the query gives: its rows, NULLs, and the figures of its exact numbers.

        More would not be portable: databases disagree about how values of other types are written and ordered. None
        where the database cannot say it.
        """
        declared = dict(plan.query.types)
        fields = proven(plan.columns, declared, self._database)
        before, query = self._database.derived(plan.query.sql)
        dialect = Portable(self._database, self._quoted)
        answer: dict[str, Any] = {}
        try:
            for part in receipt_parts(fields, dialect, f"{query} query", None):
                with self._rows(plan.query, before + part, lambda: 0) as rows:
                    answer |= dict(rows.mappings().one())
        except SourceError as fault:
            if fault.transient or self._lost or self._database.ends_with_a_fault:
                raise
            log.warning(
                "download %s: the source cannot compute a receipt, so only the rows received are counted: %s",
                plan.query.name,
                fault.message,
            )
            return None
        return receipt_from(read(answer, fields, dialect), fields, dialect)

    def greatest(self, plan: Plan, column: str) -> str | None:
        """Leave it to what reads the file: databases disagree about how dates are written."""
        return None

    def horizon(self) -> Horizon:
        """Return what the database said before its snapshot."""
        return self._database.horizon(self.as_of, self._name)

    def ground_of(self, name: str) -> str | None:
        """Return what stands for a table, as far as the database can say so."""
        return self._database.ground_of(self._connection, name) if self._connection is not None else None

    def alive(self) -> bool:
        """Never: its one connection, and with it the transaction, went with the query that failed."""
        return False

    def stop(self) -> None:
        """End what is under way; what the server still sends is not waited for."""
        self._stopped = True
        self._cut("the night was ended")

    def _quoted(self, name: str) -> str:
        return quoted(self._engine.dialect, name)

    def _cut(self, reason: str) -> None:
        """Break the connection under whoever waits on it. reason: what is told of it."""
        self._cut_because = self._cut_because or reason
        self._wire.cut()
        if self._database.is_file and self._connection:
            with suppress(SQLAlchemyError, AttributeError):
                self._database.interrupt(self._connection.connection.driver_connection)

    def _at_work(self, queries: Sequence[Query]) -> Sequence[Query]:
        return queries if self._is_at_work() else ()

    def _is_at_work(self) -> bool:
        """Ask the server, over another connection, whether it works for us; one that cannot be asked does not."""
        wire = Wire()
        try:
            with wire.opening(min(_CONNECT_SECONDS, self._limits.stall_seconds)), self._engine.connect() as connection:
                return self._database.is_at_work(connection, self._session)
        except DRIVER_FAULTS:
            return not wire.was_cut  # it has answered, if only that it is full
        finally:
            wire.close()

    @contextmanager
    def _asking(self, query: Query, so_far: Callable[[], int]) -> Iterator[Connection]:
        """Yield the connection, watched; turn the driver's errors into sentences that point into the .sql file."""
        if self._lost or self._connection is None:
            raise self._lost or SourceError(f"{query.path}: there is no connection.", transient=True)
        if self._stopped:
            raise SourceError(f"{query.path} was stopped.", transient=True)
        assert self._watch is not None  # noqa: S101 -- for the type checker: it was entered
        try:
            with self._watch.over(query, so_far):
                yield self._connection
        except (SQLAlchemyError, UnicodeError) as error:
            invalid = isinstance(error, DBAPIError) and error.connection_invalidated
            fault = fault_of(self._database.faults, error, query, self._name, self._cut_because)
            if invalid or self._cut_because or self._connection.invalidated:
                self._lost = fault
            raise fault from None

    @contextmanager
    def _rows(self, query: Query, sql: str, so_far: Callable[[], int], names: Sequence[str] = ()) -> Iterator[Any]:
        """Yield the rows; if they are not read to the end, the connection is given up: closing would read the rest."""
        with self._asking(query, so_far) as connection:
            result = run(connection, query, sql, self._binds, names)
            cursor: Any = result.cursor
            try:
                yield result
            except BaseException:
                self._wire.cut()
                abandon(cursor)
                with suppress(SQLAlchemyError):
                    connection.invalidate()
                raise
            result.close()
