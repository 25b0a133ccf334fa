"""What a database that is not PostgreSQL says that a query gives: the rows, the NULLs, the sums of exact numbers."""

from collections.abc import Callable, Collection, Sequence
from decimal import Decimal
from typing import Any, Protocol

import pyarrow as pa

from etl.core.arrow_types import arrow_type
from etl.core.manifest import RawColumn
from etl.receipts.arrow import has_sum
from etl.receipts.sql import Dialect, Figure, figures

_COUNTED = pa.null()
"""Stands for a type of which only the NULLs are counted: databases disagree about how its values compare."""


class Arithmetic(Protocol):
    """What a database says of its exact numbers (see etl.download.generic.database)."""

    def is_proven(self, source_type: str) -> bool:
        """Whether its sum, least and greatest of a column of a type are exact, and the same as ours."""

    def exact_sum(self, name: str) -> str:
        """Write the sum of a column of numbers."""

    def number(self, name: str) -> str:
        """Write a column of numbers so that only numbers count."""

    def sum_of(self, answer: Any) -> Any:
        """Read what `exact_sum` gave."""


class Portable(Dialect):
    """SQL that every database understands. quote: writes a name as the database does."""

    def __init__(self, database: Arithmetic, quote: Callable[[str], str]) -> None:
        self._database, self._quote = database, quote

    def quoted(self, name: str) -> str:
        """Write a name."""
        return self._quote(name)

    def exact_sum(self, field: pa.Field, name: str) -> str:
        """Write the sum of a column."""
        return self._database.exact_sum(self._database.number(name))

    def extreme(self, field: pa.Field, name: str, function: str) -> str:
        """Write the least or greatest number of a column."""
        return f"{function}({self._database.number(name)})"

    def figure(self, figure: Figure, answer: Any) -> Any:
        """Read a figure off the database's answer, which may be a text."""
        if answer is None or figure.what == "nulls":
            return int(answer or 0) if figure.what == "nulls" else None
        return Decimal(str(self._database.sum_of(answer) if figure.what == "sum" else answer))


def proven(columns: Sequence[RawColumn], declared: Collection[str], database: Arithmetic) -> pa.Schema:
    """Return the columns of a receipt, those of numbers that the database adds up exactly with their types.

    declared: the columns whose type the query's header declares.
    """
    return pa.schema(
        [(c.name, _proven(arrow_type(c.type), c.name in declared, c.source_type, database)) for c in columns]
    )


def _proven(kind: pa.DataType, declared: bool, source_type: str, database: Arithmetic) -> pa.DataType:
    return kind if has_sum(kind) and not declared and database.is_proven(source_type) else _COUNTED


def read(row: dict[str, Any], fields: pa.Schema, dialect: Portable) -> dict[str, Any]:
    """Turn the database's answer into numbers."""
    told = {
        f"f{number}": dialect.figure(figure, row[f"f{number}"])
        for number, figure in enumerate(figures(fields, dialect))
    }
    return {"row_count": int(row["row_count"])} | told
