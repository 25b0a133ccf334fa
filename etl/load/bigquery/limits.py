"""What BigQuery cannot take of a star, which is said before the night."""

from collections.abc import Collection

import pyarrow as pa

from etl.contract.table import Contract
from etl.core.errors import ContractError

_MOST_TABLES = 98
"""A transaction changes 100 tables, of which two are the program's own."""


def check(contracts: Collection[Contract]) -> None:
    """Raise ContractError where a star has too many tables, or decimals that are too long."""
    if len(contracts) > _MOST_TABLES:
        raise ContractError(
            f"There are {len(contracts)} tables; BigQuery publishes {_MOST_TABLES} at the most in one transaction.",
            "Leave out tables that nobody reads, or publish some of them from a second settings file.",
        )
    for contract in contracts:
        for column in contract.columns:
            if pa.types.is_decimal(column.type) and not fits_numeric(column.type):
                raise ContractError(
                    f"{contract.name}.{column.name} is {column.type}, but BigQuery's NUMERIC has 29 digits before the"
                    " point and 9 behind it.",
                    f"Declare it Decimal({min(column.type.scale, 9) + 29}, {min(column.type.scale, 9)}) or less.",
                )


def fits_numeric(kind: pa.DataType) -> bool:
    """Whether BigQuery's NUMERIC holds a decimal: 29 digits before the point and 9 behind it."""
    return bool(kind.scale <= 9 and kind.scale < kind.precision <= kind.scale + 29)
