"""Faults of a contract that are told when it is read, before the night.

What one of the warehouses refuses is refused for all of them: a company may move from one to the other.
"""

import pyarrow as pa

from etl.contract.column import Column
from etl.contract.table import Contract
from etl.contract.types import column_type, is_of
from etl.core.errors import ContractError
from etl.core.names import alike, guess, is_name

_MOST_CLUSTERS = 4
_MOST_KEY_COLUMNS = 16
_LONGEST_NAME = 300
_LONGEST_DESCRIPTION = 1024
_LONGEST_DESCRIPTION_OF_A_TABLE = 16_384
_MOST_REFERENCES = 64
OURS = ("etl_runs", "etl_head")
"""The tables that every warehouse has besides the company's."""
_RESERVED = ("_TABLE_", "_FILE_", "_PARTITION", "_ROW_TIMESTAMP", "__ROOT__", "_COLIDENTIFIER", "_CHANGE_")


def check_contract(contract: Contract) -> None:
    """Raise ContractError with the first fault of a contract by itself."""
    _check_words(contract)
    _check_keys(contract)
    _check_columns_named(contract)
    _check_stream(contract)
    _check_history(contract)
    _check_layout(contract)
    for column in contract.columns:
        if not is_of(column.unknown, column.type):
            raise ContractError(
                f"the unknown member's {column.name}, {column.unknown!r}, is not of the type {column.type}.",
                f"Write a value of that type in unknown=, or leave it out: then {column.name} is NULL there.",
            )


def _check_words(contract: Contract) -> None:
    names = [column.name for column in contract.columns]
    if not contract.grain:
        raise ContractError("the contract has no docstring.", "Write one whose first line says what one row is.")
    if contract.name in OURS:
        raise ContractError(f"{contract.name} is a table of the program's own.", "Rename the file.")
    if contract.name.casefold() in map(str.casefold, names):
        raise ContractError("a column is named like its table.", "BigQuery cannot tell them apart: rename the column.")
    if twice := alike(names):
        raise ContractError(
            f"the columns {' and '.join(twice)} differ in the case of their letters alone.",
            "A warehouse treats them as the same column: rename one of them.",
        )
    for name in (contract.name, *names):
        if not is_name(name) or len(name) > _LONGEST_NAME:
            raise ContractError(
                f"{name!r} is not a name for a table or a column.",
                f"Use letters (none composed of two characters), digits and underscores, at most {_LONGEST_NAME}.",
            )
        if name.upper().startswith(_RESERVED):
            raise ContractError(
                f"{name} begins like BigQuery's own columns.", "Rename it: without the underscore, for example."
            )
    told = [(contract.name, contract.description, _LONGEST_DESCRIPTION_OF_A_TABLE)]
    for name, text, most in [*told, *((c.name, c.description, _LONGEST_DESCRIPTION) for c in contract.columns)]:
        if len(text) > most:
            raise ContractError(
                f"the description of {name} has {len(text):,} characters; at most {most:,} are allowed.", "Shorten it."
            )


def _check_keys(contract: Contract) -> None:
    if contract.is_dimension and not (contract.surrogate_key and contract.natural_key):
        raise ContractError("a dimension needs a surrogate_key and a natural_key.", "Declare both.")
    if contract.surrogate_key and not contract.is_dimension:
        raise ContractError("a fact has no surrogate_key.", "Declare a natural_key, or a Dimension.")
    if not contract.grain_key:
        raise ContractError("nothing identifies a row.", "Declare a natural_key, or references with grain=True.")
    if len(contract.primary_key) > _MOST_KEY_COLUMNS:
        raise ContractError(
            f"{len(contract.primary_key)} columns identify a row; at most {_MOST_KEY_COLUMNS} are allowed.",
            "Let the query join some of them into one, or make them attributes of a dimension that it refers to.",
        )
    for column in (c for c in contract.columns if c.name in contract.primary_key):
        kind = column_type(column.type)
        if kind and not kind.is_exact:
            raise ContractError(
                f"{column.name}, a {kind.word}, cannot identify a row.",
                "Declare it an Integer, or a decimal: Decimal(18, 4).",
            )
    if len(contract.relationships) > _MOST_REFERENCES:
        raise ContractError(
            f"there are {len(contract.relationships)} references; at most {_MOST_REFERENCES} are allowed.",
            "Keep the natural keys of those as attributes that nobody filters by.",
        )


def _check_columns_named(contract: Contract) -> None:
    """Refuse a column that the contract names and does not have."""
    names = [column.name for column in contract.declared]
    levels = [level for levels in contract.hierarchies.values() for level in levels if "." not in level]
    named = (contract.partition_by, contract.closed_months, *contract.cluster_by, *levels)
    for name in (*named, *(c.sort_by for c in contract.columns)):
        if name and name not in names:
            raise ContractError(
                f"{name}, which the contract names, is not a column.",
                guess(name, names, f"It has: {', '.join(names)}."),
            )


def _check_stream(contract: Contract) -> None:
    if len(contract.stream) > 1 and not contract.is_dimension:
        raise ContractError(
            f"a fact streams one query, and not {len(contract.stream)}.", "Let one query deliver all rows: UNION ALL."
        )
    if contract.stream and contract.survivor:
        raise ContractError(
            "a streamed table cannot choose a survivor.",
            f"Name it in the header of {contract.stream[0]}.sql, as `-- survivor: …`.",
        )
    if contract.stream and contract.is_dimension and contract.natural_key != contract.grain_key:
        raise ContractError(
            "a streamed dimension is identified by its natural key alone.", "Leave grain=True out, or `stream`."
        )


def _check_history(contract: Contract) -> None:
    """Refuse what a dimension with history cannot be besides."""
    if not contract.has_history:
        return
    if contract.stream and not contract.is_seen:
        raise ContractError(
            "a streamed dimension has no change_key: a member's versions may come in several blocks.",
            "Leave `stream` out; or leave change_key out, and let nights see what changes.",
        )
    own = [column for column in contract.own_references if contract.is_seen]
    if own and (contract.stream or any(column.history for column in own)):
        raise ContractError(
            f"{own[0].name} refers to members of the same dimension, whose history is what nights see.",
            "Leave `stream` out." if contract.stream else "Leave history=True out of the reference.",
        )
    if contract.window:
        raise ContractError("a dimension with history has no window.", "Leave window= out: every version counts.")
    if [pa.types.is_date(contract.schema.field(name).type) for name in contract.natural_key] == [True]:
        raise ContractError(
            "a calendar has no history: Power BI relates tables to it by the day.", "Leave history=True out."
        )


def _check_layout(contract: Contract) -> None:
    """Refuse what tells a month or a place in a table and cannot."""
    columns = {column.name: column for column in contract.columns}
    months = columns.get(contract.closed_months or "")
    if months and not pa.types.is_date(months.type):
        raise ContractError(f"closed_months={months.name} is not a Date.", "Name a column that holds the day.")
    part = columns.get(contract.partition_by or "")
    if part and not _is_day(part):
        raise ContractError(
            f"partition_by={part.name} is neither a Date nor a Timestamp.",
            "Name a column that holds the day, or leave partition_by out and name it in cluster_by.",
        )
    if len(contract.cluster_by) > _MOST_CLUSTERS:
        raise ContractError(
            f"cluster_by names {len(contract.cluster_by)} columns; at most {_MOST_CLUSTERS} are allowed.",
            "Keep those that queries filter by.",
        )
    if len(set(contract.cluster_by)) < len(contract.cluster_by):
        raise ContractError("cluster_by names a column twice.", "Name it once.")
    for name in contract.cluster_by:
        kind = column_type(columns[name].type)
        if kind and not kind.clusters:
            raise ContractError(
                f"cluster_by names {name}, a {kind.word}, and no table can be clustered by it.",
                "Leave it out, or declare an exact type: Integer, Money or another decimal.",
            )


def _is_day(column: Column) -> bool:
    return bool(pa.types.is_date(column.type) or pa.types.is_timestamp(column.type))
