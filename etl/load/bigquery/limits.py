"""What BigQuery cannot take of a star, which is said before the night."""

from collections.abc import Collection

from etl.contract.table import Contract
from etl.core.errors import ContractError

_MOST_TABLES = 98
"""A transaction changes 100 tables, of which two are the program's own."""


def check(contracts: Collection[Contract]) -> None:
    """Raise ContractError where a star has too many tables."""
    if len(contracts) > _MOST_TABLES:
        raise ContractError(
            f"There are {len(contracts)} tables; BigQuery publishes at most {_MOST_TABLES} in one transaction.",
            "Leave out tables that nobody reads, or publish some of them from a second settings file.",
        )
