"""Any other database: through SQLAlchemy, with a server-side cursor, in batches, in one transaction."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, create_engine
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.sql import text as bound_text

from etl.core.errors import ContractError, SourceError, UsageError
from etl.core.manifest import RawColumn, TableReceipt
from etl.core.origin import described
from etl.core.receipt_sql import Dialect, receipt_from, select_receipt
from etl.download.query import Query
from etl.download.source import Extent, Plan, check_binds, checked_columns
from etl.download.sql import binds_of, with_binds
from etl.download.types import ANY_NUMERIC, declared_type
from etl.download.writer import RawWriter

_BATCH = 1_000

_BY_CLASS: tuple[tuple[type, pa.DataType], ...] = (
    (bool, pa.bool_()),
    (int, pa.int64()),
    (Decimal, ANY_NUMERIC),
    (float, pa.float64()),
    (str, pa.string()),
    (date, pa.date32()),
)


_SNAPSHOT = {"mysql": "REPEATABLE READ", "mariadb": "REPEATABLE READ", "mssql": "SNAPSHOT", "oracle": "SERIALIZABLE"}
"""What databases call the isolation in which a transaction sees one state, where it is not the default."""


class _Portable(Dialect):
    """SQL that every database understands. quote: writes a name as the database does."""

    def __init__(self, quote: Callable[[str], str]) -> None:
        self._quote = quote

    def quoted(self, name: str) -> str:
        """Write a name."""
        return self._quote(name)

    def exact_sum(self, field: pa.Field, name: str) -> str:
        """Write the sum of a column; some databases overflow on what exceeds 64 bits, and say so."""
        return f"SUM({name})"


class GenericSource:
    """A database that SQLAlchemy speaks to. One connection, so that all queries see one transaction's snapshot.

    Column types come from the query's header (`-- types:`); for the columns that it leaves out, from the class of the
    values that the driver returns, never from text.
    """

    connections = 1
    as_of: datetime

    def __init__(self, name: str, url: URL, binds: dict[str, str]) -> None:
        """binds: the values of the :names that a query may use."""
        self._name, self._where, self._binds = name, described(url), binds
        self._stopped = False
        file = url.database or ":memory:"
        if url.get_backend_name() == "sqlite" and not file.startswith((":", "file:")) and not Path(file).is_file():
            raise SourceError(  # SQLite would make it
                f"The source {name} at {self._where} cannot be reached: there is no file {Path(file).absolute()}.",
                f"Look whether SOURCE_{name.upper()}_URL is right.",
            )
        try:
            backend = url.get_backend_name()
            self._engine = create_engine(
                url, **({"isolation_level": _SNAPSHOT[backend]} if backend in _SNAPSHOT else {})
            )
        except (NoSuchModuleError, ImportError) as error:
            raise UsageError(
                f"SOURCE_{name.upper()}_URL needs a database driver that is not installed: {error}.",
                "Add the driver to requirements.txt.",
            ) from None

    def __enter__(self) -> "GenericSource":
        self.as_of = datetime.now(UTC)
        try:
            self._connection: Connection = self._engine.connect()
            if self._engine.dialect.name == "sqlite":
                self._connection.exec_driver_sql("BEGIN")
        except SQLAlchemyError as error:
            raise SourceError(
                f"The source {self._name} at {self._where} cannot be reached: {_reason(error)}",
                f"Look whether it runs and SOURCE_{self._name.upper()}_URL is right.",
                transient=True,
            ) from None
        return self

    def __exit__(self, *exc: object) -> None:
        self._connection.close()
        self._engine.dispose()

    def plan(self, query: Query) -> Plan:
        """Read the first batch for its columns."""
        if query.partition_on:
            raise ContractError(
                f"{query.path}: only PostgreSQL's queries can be split by `-- partition on:`.", "Leave the line out."
            )
        with self._rows(query) as result:
            names = list(result.keys())
            first = result.fetchmany(_BATCH)
        declared = dict(query.types)
        stray = sorted(set(declared) - set(names))
        if stray:
            raise ContractError(f"{query.path}: `-- types:` names {stray[0]}, which the query does not return.")
        columns = [_column(name, declared.get(name), [row[place] for row in first]) for place, name in enumerate(names)]
        return Plan(query, checked_columns(query, columns), None, None)

    def extract(self, plan: Plan, path: Path, where: str | None) -> RawWriter:
        """Run the query into a CSV, batch by batch; it has no ranges."""
        names = [column.name for column in plan.columns]
        group_by = tuple(names.index(name) for name in plan.query.group_by)
        with self._rows(plan.query) as result, RawWriter(path, names, group_by) as writer:
            for batch in result.partitions(_BATCH):
                if self._stopped:
                    raise SourceError(f"{plan.query.path} was stopped.", transient=True)
                for row in batch:
                    writer.write(_line(row))
        return writer

    def receipt(self, plan: Plan, extent: Extent) -> TableReceipt:
        """Let the database compute what the query gives: its rows, and the figures of its columns of integers.

        More would not be portable: databases disagree about how values of other types are written and ordered.
        """
        integers = pa.schema([(c.name, pa.int64()) for c in plan.columns if c.type == str(pa.int64())])
        dialect = _Portable(self._engine.dialect.identifier_preparer.quote)
        sql = select_receipt(integers, dialect, f"(\n{plan.query.sql}\n) AS query", None)
        with self._rows(replace(plan.query, sql=sql)) as result:
            return receipt_from(next(iter(result.mappings())), integers, dialect)

    def alive(self) -> bool:
        """Never: its one connection, and with it the transaction, went with the query that failed."""
        return False

    def stop(self) -> None:
        """Let the extraction under way end with its batch."""
        self._stopped = True

    @contextmanager
    def _rows(self, query: Query) -> Iterator[Any]:
        try:
            check_binds(query, self._binds)
            statement = bound_text(with_binds(query.sql, ":{}".format, _without_binds, query.dialect))
            options = {"stream_results": True, "yield_per": _BATCH}
            with self._connection.execution_options(**options).execute(
                statement, {name: self._binds[name] for name in binds_of(query.sql, query.dialect)}
            ) as result:
                yield result
        except SQLAlchemyError as error:
            lost = isinstance(error, DBAPIError) and error.connection_invalidated
            raise SourceError(
                f"{query.path}: {_reason(error)}", "Run the query in the database's own shell.", transient=lost
            ) from None


def _without_binds(text: str) -> str:
    """Mark colons as SQLAlchemy wants those to be marked that begin no bind."""
    return text.replace(":", "\\:")


def _column(name: str, declared: str | None, values: Sequence[Any]) -> RawColumn:
    if declared:
        return RawColumn(name=name, type=str(declared_type(declared)), source_type=declared)
    value = next((value for value in values if value is not None), None)
    if isinstance(value, datetime):
        kind: pa.DataType = pa.timestamp("us", "UTC") if value.tzinfo else pa.timestamp("us")
    else:
        kind = next((kind for cls, kind in _BY_CLASS if isinstance(value, cls)), pa.string())
    return RawColumn(name=name, type=str(kind), source_type=type(value).__name__)


def _line(row: Sequence[Any]) -> bytes:
    return (",".join([_QUICK.get(type(value), _csv)(value) for value in row]) + "\n").encode()


def _csv(value: Any) -> str:
    """Write a value as PostgreSQL's COPY would: NULL is nothing, text is quoted, times are UTC."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, str):
        return '"' + value.replace('"', '""') + '"'
    if isinstance(value, datetime):
        return (value.astimezone(UTC) if value.tzinfo else value).isoformat(sep=" ")
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, int | float | date | time):
        return str(value)
    return _csv(str(value))


_QUICK: dict[type, Callable[[Any], str]] = {
    type(None): lambda _: "",
    int: str,
    float: str,
    str: lambda value: '"' + value.replace('"', '""') + '"',
}
"""What most values are, written as `_csv` does."""


def _reason(error: SQLAlchemyError) -> str:
    original = error.orig if isinstance(error, DBAPIError) else error
    return " ".join(str(original).split()).rstrip(".") + "."
