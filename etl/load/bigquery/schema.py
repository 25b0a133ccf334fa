"""A contract in BigQuery's words: its table, and how a table that is there differs from it."""

from collections.abc import Iterator, Sequence

import pyarrow as pa
from google.cloud.bigquery import SchemaField, Table, TimePartitioning, TimePartitioningType
from google.cloud.bigquery.table import ColumnReference, ForeignKey, PrimaryKey, TableConstraints, TableReference

from etl.contract import Column, Contract, Dimension, Fact
from etl.contract.types import fits_numeric
from etl.core.errors import ContractError

_TYPES = {
    pa.int64(): "INT64",
    pa.string(): "STRING",
    pa.bool_(): "BOOL",
    pa.date32(): "DATE",
    pa.timestamp("us", "UTC"): "TIMESTAMP",
    pa.float64(): "FLOAT64",
}
_OLD_NAMES = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL"}
MANAGED = {"managed_by": "etl"}
"""The label of everything that this program made."""


def schema(contract: Contract) -> list[SchemaField]:
    """Give the columns with types, modes and descriptions."""
    return [_field(contract.name, column) for column in contract.columns]


def labels(contract: Contract) -> dict[str, str]:
    """Give the labels that mark a table as ours."""
    kinds = {Dimension: "dimension", Fact: "fact"}
    return MANAGED | {"kind": next((kind for base, kind in kinds.items() if issubclass(contract.model, base)), "log")}


def new_table(contract: Contract, dataset: str) -> Table:
    """Describe the table to be created, with its primary key. Foreign keys come later: they need the other tables."""
    table = Table(f"{dataset}.{contract.name}", schema(contract))
    table.description = contract.description
    table.labels = labels(contract)
    if contract.partition_by:
        table.time_partitioning = TimePartitioning(TimePartitioningType.MONTH, field=contract.partition_by)
    if contract.cluster_by:
        table.clustering_fields = list(contract.cluster_by)
    if contract.primary_key:
        table.table_constraints = TableConstraints(PrimaryKey(list(contract.primary_key)), [])
    return table


def foreign_keys(contract: Contract, contracts: Sequence[Contract], dataset: str) -> list[ForeignKey]:
    """Give the references to the dimensions that are among the contracts."""
    keys = {other.name: other.surrogate_key for other in contracts if other.surrogate_key}
    return [
        ForeignKey(
            f"fk_{column.name}",
            TableReference.from_string(f"{dataset}.{column.dimension}"),
            [ColumnReference(column.name, key)],
        )
        for column in contract.relationships
        if (key := keys.get(column.dimension))
    ]


def differences(contract: Contract, table: Table, wanted_keys: Sequence[ForeignKey], ours: set[str]) -> Iterator[str]:
    """Name what a person has to fix. ours: the names of the star's tables."""
    name, wanted = contract.name, {field.name: field for field in schema(contract)}
    found = {field.name: field for field in table.schema}
    if table.table_type not in (None, "TABLE"):
        yield f"{name} is a {table.table_type}, not a table"
    for column in sorted(found.keys() - wanted.keys()):
        yield f"{name}.{column} is no longer in the contract"
    for column in sorted(wanted.keys() - found.keys()):
        if wanted[column].mode == "REQUIRED":
            yield f"{name}.{column} is new in the contract and REQUIRED"
    for column in (c for c in wanted if c in found):
        for what in (type_of, _mode):
            was, is_now = what(found[column]), what(wanted[column])
            if was != is_now:
                yield f"{name}.{column} is {was}, in the contract {is_now}"
    yield from _layout_differences(contract, table)
    yield from _key_differences(contract, table, wanted_keys, ours)


def missing_keys(contract: Contract, table: Table, wanted: Sequence[ForeignKey]) -> TableConstraints | None:
    """Give the keys that the table is to have, if some are missing."""
    primary, foreign = _keys(table)
    missing = [key for key in wanted if _pairs(key) not in map(_pairs, foreign)]
    if not missing and (primary or not contract.primary_key):
        return None
    wanted_primary = PrimaryKey(list(contract.primary_key)) if contract.primary_key else None
    return TableConstraints(wanted_primary, [*foreign, *missing])


def completed_schema(contract: Contract, table: Table) -> list[SchemaField]:
    """Give the table's columns in its own order with the contract's descriptions, then those that are new."""
    wanted = {field.name: field for field in schema(contract)}
    known = [field.name for field in table.schema]
    return [wanted[name] for name in [*known, *(name for name in wanted if name not in known)]]


def type_of(field: SchemaField) -> str:
    """Write a column's type the way SQL does, e.g. NUMERIC(18, 2)."""
    kind = _OLD_NAMES.get(field.field_type, field.field_type)
    return kind if field.precision is None else f"{kind}({field.precision}, {field.scale or 0})"


def _field(table: str, column: Column) -> SchemaField:
    mode = "NULLABLE" if column.nullable else "REQUIRED"
    if not pa.types.is_decimal(column.type):
        return SchemaField(column.name, _TYPES[column.type], mode, description=column.description)
    precision, scale = column.type.precision, column.type.scale
    if not fits_numeric(column.type):
        raise ContractError(
            f"{table}.{column.name} is {column.type}, but NUMERIC takes 29 digits before the point and 9 behind.",
            "Choose a smaller decimal in tables/.",
        )
    return SchemaField(column.name, "NUMERIC", mode, description=column.description, precision=precision, scale=scale)


def _mode(field: SchemaField) -> str:
    return field.mode or "NULLABLE"


def _layout_differences(contract: Contract, table: Table) -> Iterator[str]:
    part = table.time_partitioning
    partitioning = f"by {part.type_} of {part.field}" if part else "not"
    wanted = f"by MONTH of {contract.partition_by}" if contract.partition_by else "not"
    if partitioning != wanted:
        yield f"{contract.name} is {partitioning} partitioned, in the contract {wanted}"
    clustering = tuple(table.clustering_fields or ())
    if clustering != contract.cluster_by:
        yield (
            f"{contract.name} is clustered by {', '.join(clustering) or 'nothing'},"
            f" in the contract by {', '.join(contract.cluster_by) or 'nothing'}"
        )


def _key_differences(contract: Contract, table: Table, wanted: Sequence[ForeignKey], ours: set[str]) -> Iterator[str]:
    primary, foreign = _keys(table)
    if primary and tuple(primary.columns) != contract.primary_key:
        key = ", ".join(contract.primary_key) or "none"
        yield f"{contract.name} has the primary key {', '.join(primary.columns)}, in the contract {key}"
    declared = set(map(_pairs, wanted))
    for foreign_key in foreign:
        if foreign_key.referenced_table.table_id in ours and _pairs(foreign_key) not in declared:
            yield f"{contract.name} has the foreign key {foreign_key.name}, which the contract has not"


def _keys(table: Table) -> tuple[PrimaryKey | None, list[ForeignKey]]:
    constraints = table.table_constraints
    if constraints is None:
        return None, []
    return constraints.primary_key, list(constraints.foreign_keys or [])


def _pairs(key: ForeignKey) -> tuple[str, ...]:
    columns = (f"{pair.referencing_column}={pair.referenced_column}" for pair in key.column_references)
    return (str(key.referenced_table.table_id), *columns)
