"""The shapes of BigQuery's tables, as contracts want them and as they are, and what makes the one of the other."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from google.cloud.bigquery import SchemaField, Table, TimePartitioning, TimePartitioningType
from google.cloud.bigquery.table import ColumnReference, ForeignKey, PrimaryKey, TableConstraints, TableReference

from etl.contract import Dimension, Fact
from etl.contract.table import Contract
from etl.load import shape
from etl.load.bigquery.types import field_of, written
from etl.load.shape import ColumnShape, Difference, Part, Reference, Shape

MANAGED = {"managed_by": "etl"}
"""The label of everything that this program made."""

_KINDS = {
    "TABLE": shape.TABLE,
    "VIEW": "a view",
    "MATERIALIZED_VIEW": "a materialized view",
    "EXTERNAL": "an external table",
    "SNAPSHOT": "a snapshot",
}
_FIELDS = {
    Part.COLUMNS: "schema",
    Part.COLUMN_DESCRIPTIONS: "schema",
    Part.POLICY_TAGS: "schema",
    Part.DESCRIPTION: "description",
    Part.LABELS: "labels",
    Part.KEYS: "table_constraints",
}
"""By what a table lacks, the field of its metadata that holds it."""


def wanted(contract: Contract, contracts: Iterable[Contract], policy_tag: str | None = None) -> Shape:
    """Return what a contract wants. contracts: all that are published, to whose keys it refers."""
    described = shape.wanted(contract, lambda column: written(field_of(column)))
    tagged = (_tag(field_of(column, policy_tag)) for column in contract.columns)
    return replace(
        described,
        columns=tuple(replace(c, policy_tag=tag) for c, tag in zip(described.columns, tagged, strict=True)),
        partitioning=f"by MONTH of {contract.partition_by}" if contract.partition_by else "",
        clustering=contract.cluster_by,
        primary_key=contract.primary_key,
        references=shape.references(contract, contracts),
        labels=labels(contract),
    )


def found(table: Table) -> Shape:
    """Return what a table looks like."""
    part, keys = table.time_partitioning, table.table_constraints
    primary = keys.primary_key if keys else None
    return Shape(
        columns=tuple(_column(field) for field in table.schema),
        description=table.description or "",
        kind=_KINDS.get(table.table_type or "TABLE", str(table.table_type)),
        partitioning=f"by {part.type_} of {part.field}" if part else "",
        clustering=tuple(table.clustering_fields or ()),
        primary_key=tuple(primary.columns) if primary else (),
        references=tuple(map(_reference, foreign_keys(table))),
        labels=dict(table.labels),
    )


def schema(contract: Contract, policy_tag: str | None = None) -> list[SchemaField]:
    """Return the columns with types, modes and descriptions. policy_tag: put on those that hold personal data."""
    return [field_of(column, policy_tag) for column in contract.columns]


def labels(contract: Contract) -> dict[str, str]:
    """Return the labels that mark a table as ours."""
    kinds = {Dimension: "dimension", Fact: "fact"}
    return MANAGED | {"kind": next((kind for base, kind in kinds.items() if issubclass(contract.model, base)), "log")}


def new_table(contract: Contract, dataset: str, policy_tag: str | None = None) -> Table:
    """Describe the table to be created, with its primary key. Foreign keys come later: they need the other tables."""
    table = Table(f"{dataset}.{contract.name}", schema(contract, policy_tag))
    table.description = contract.description
    table.labels = labels(contract)
    if contract.partition_by:
        table.time_partitioning = TimePartitioning(TimePartitioningType.MONTH, field=contract.partition_by)
    if contract.cluster_by:
        table.clustering_fields = list(contract.cluster_by)
    if contract.primary_key:
        table.table_constraints = TableConstraints(PrimaryKey(list(contract.primary_key)), [])
    return table


def change(
    table: Table, contract: Contract, difference: Difference, dataset: str, policy_tag: str | None = None
) -> list[str]:
    """Return a table, in memory, what it lacks; return the fields of its metadata that are to be sent."""
    table.schema = _completed(contract, table, policy_tag)
    table.description = contract.description
    table.labels = table.labels | labels(contract)
    if Part.KEYS in difference.parts:
        table.table_constraints = _completed_keys(table, difference.wanted, dataset)
    return list(dict.fromkeys(_FIELDS[part] for part in Part if part in difference.parts))


def _completed(contract: Contract, table: Table, policy_tag: str | None) -> list[SchemaField]:
    """Return the table's columns in its own order with the contract's descriptions, then those that are new."""
    ours = {field.name: field for field in schema(contract, policy_tag)}
    known = [field.name for field in table.schema]
    return [ours[name] for name in [*known, *(name for name in ours if name not in known)]]


def _completed_keys(table: Table, wanted: Shape, dataset: str) -> TableConstraints:
    """Return the wanted keys, and what a person has declared besides."""
    there = foreign_keys(table)
    missing = [_foreign_key(each, dataset) for each in wanted.references if each not in map(_reference, there)]
    primary = PrimaryKey(list(wanted.primary_key)) if wanted.primary_key else None
    return TableConstraints(primary, [*there, *missing])


def _column(field: SchemaField) -> ColumnShape:
    kind = f"ARRAY<{written(field)}>" if field.mode == "REPEATED" else written(field)
    if collation := field.to_api_repr().get("collation"):
        kind += f" COLLATE '{collation}'"
    return ColumnShape(field.name, kind, field.mode != "REQUIRED", field.description or "", _tag(field))


def _tag(field: SchemaField) -> str:
    return ", ".join(field.policy_tags.names) if field.policy_tags else ""


def foreign_keys(table: Table) -> Sequence[ForeignKey]:
    """Return the foreign keys that a table has."""
    return list((table.table_constraints and table.table_constraints.foreign_keys) or ())


def _reference(key: ForeignKey) -> Reference:
    pairs = tuple((str(pair.referencing_column), str(pair.referenced_column)) for pair in key.column_references)
    return Reference(str(key.referenced_table.table_id), pairs, str(key.name))


def _foreign_key(reference: Reference, dataset: str) -> ForeignKey:
    table = TableReference.from_string(f"{dataset}.{reference.table}")
    return ForeignKey(reference.name, table, [ColumnReference(*pair) for pair in reference.columns])
