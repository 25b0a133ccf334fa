"""Making tables of BigQuery anew where a contract asks for what no statement does to a table that is there.

A job of its own makes a table, just before all are published: CREATE OR REPLACE … AS SELECT from what is staged, with
the row access policies and grants that it had; a snapshot of the old one is kept in the staging dataset. What may not
be seen is not, for the seconds until its protection is there again: a column with a policy tag holds nothing before
the tag, a table with row access policies no row.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from google.cloud import bigquery

from etl.contract.table import Contract
from etl.core.head import Head
from etl.load import shape
from etl.load.bigquery import obstacles, schema, sql
from etl.load.bigquery.types import written
from etl.load.head import ETL_HEAD
from etl.load.refilling import renamed
from etl.load.shape import Difference
from etl.load.warehouse import Handover
from etl.receipts.bigquery import quoted

_NOTHING = {
    "STRING": "''",
    "INT64": "0",
    "BOOL": "FALSE",
    "DATE": "DATE '1970-01-01'",
    "TIMESTAMP": "TIMESTAMP '1970-01-01 00:00:00+00'",
    "TIME": "TIME '00:00:00'",
    "FLOAT64": "0.0",
}
"""What stands in a column that may not be NULL while it may not be seen."""


@dataclass(frozen=True)
class Protection:
    """Who may see what of a table. policies: of rows, each with its name, filter and members; grants: by role."""

    policies: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    grants: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def statements(self, table: str) -> Iterator[str]:
        """Write what gives it to a table again."""
        for name, condition, members in self.policies:
            on, to = f"{quoted(name)} ON {table}", ", ".join(map(sql.literal, members))
            yield f"CREATE OR REPLACE ROW ACCESS POLICY {on} GRANT TO ({to}) FILTER USING ({condition});"
        for role, members in self.grants:
            yield f"GRANT {quoted(role)} ON TABLE {table} TO {', '.join(map(sql.literal, members))};"


@dataclass(frozen=True)
class Anew:
    """A table to be made anew. found: as it is; wanted: as it is to be, with the tags on its columns.

    staged: the full name of the table in which its rows wait; ours: the published tables.
    """

    contract: Contract
    difference: Difference
    found: bigquery.Table
    wanted: bigquery.Table
    protection: Protection
    staged: str
    ours: frozenset[str] = frozenset()

    def statements(self) -> Iterator[str]:
        """Write what makes it anew: a new name for a column where that is all, else the table."""
        table, names = quoted(full(self.found)), self._renamed()
        if names:
            yield from (f"ALTER TABLE {table} RENAME COLUMN {quoted(o)} TO {quoted(n)};" for n, o in names.items())
            return
        now, then = self.difference.found, self.difference.wanted
        if now and (now.partitioning, now.clustering) != (then.partitioning, then.clustering):
            yield f"DROP TABLE {table};"  # which none that is partitioned otherwise can replace
        yield f"{self._create(table)};"
        yield from self.protection.statements(table)

    def _renamed(self) -> Mapping[str, str]:
        """Return the columns' new names with their old ones, if these make the table what its contract wants."""
        names, found = renamed(self.contract, self.difference), self.difference.found
        if not found or not names or self.protection.policies:
            return {}
        new = {old: new for new, old in names.items()}
        bound = {*found.clustering, *found.primary_key, *(pair[0] for key in found.references for pair in key.columns)}
        if bound & set(new) or any(old in found.partitioning.split() for old in new):
            return {}
        after = shape.compare(self.contract.name, self.difference.wanted, shape.with_names(found, new))
        return {} if after.destructive else names

    def _create(self, table: str) -> str:
        contract, now = self.contract, self.wanted
        columns = [
            f"{quoted(field.name)} {written(field)}{' NOT NULL' * (field.mode == 'REQUIRED')}"
            f" OPTIONS (description = {sql.literal(field.description or '')})"
            for field in now.schema
        ]
        if contract.primary_key:
            columns.append(f"PRIMARY KEY ({', '.join(map(quoted, contract.primary_key))}) NOT ENFORCED")
        columns += self._keys()
        return " ".join(
            [
                f"CREATE OR REPLACE TABLE {table} ({', '.join(columns)})",
                *self._layout(),
                f"OPTIONS ({', '.join(self._options())})",
                f"AS SELECT {', '.join(map(self._shown, now.schema))} FROM {quoted(self.staged)}",
                *["WHERE FALSE"] * (not all(_shows(condition) for _, condition, _ in self.protection.policies)),
            ]
        )

    def _keys(self) -> Iterator[str]:
        """Write the foreign keys that a person declared; ours follow when the other tables are as they are to be."""
        names = {field.name for field in self.wanted.schema}
        for key in schema.foreign_keys(self.found):
            pairs = [(str(p.referencing_column), str(p.referenced_column)) for p in key.column_references]
            if key.referenced_table.table_id in self.ours or not {own for own, _ in pairs} <= names:
                continue
            own, theirs = (", ".join(map(quoted, side)) for side in zip(*pairs, strict=True))
            other = quoted(".".join(key.referenced_table.path.split("/")[2::2]))
            yield f"CONSTRAINT {quoted(str(key.name))} FOREIGN KEY ({own}) REFERENCES {other} ({theirs}) NOT ENFORCED"

    def _layout(self) -> Iterator[str]:
        if by := self.contract.partition_by:
            kind = next(field.field_type for field in self.wanted.schema if field.name == by)
            yield f"PARTITION BY {'DATE' if kind == 'DATE' else 'TIMESTAMP'}_TRUNC({quoted(by)}, MONTH)"
        if self.contract.cluster_by:
            yield f"CLUSTER BY {', '.join(map(quoted, self.contract.cluster_by))}"

    def _options(self) -> Iterator[str]:
        yield f"description = {sql.literal(self.contract.description)}"
        labels = dict(self.found.labels) | schema.labels(self.contract)
        yield f"labels = [{', '.join(f'({sql.literal(n)}, {sql.literal(v)})' for n, v in sorted(labels.items()))}]"
        if self.found.friendly_name:
            yield f"friendly_name = {sql.literal(self.found.friendly_name)}"
        if (encrypted := self.found.encryption_configuration) and encrypted.kms_key_name:
            yield f"kms_key_name = {sql.literal(encrypted.kms_key_name)}"

    def _shown(self, field: bigquery.SchemaField) -> str:
        if not field.policy_tags:
            return quoted(field.name)
        kind = written(field)
        hidden = f"CAST(NULL AS {kind})" if field.mode != "REQUIRED" else _NOTHING.get(kind, "NUMERIC '0'")
        return f"{hidden} AS {quoted(field.name)}"


def script(dataset: str, anew: Anew, handover: Handover, before: Head) -> str:
    """Write the script that makes a table anew. before: the head that must still be there."""
    lines = [fence(dataset, before), *sql.proven(handover, quoted(anew.staged)), *anew.statements()]
    return "\n".join(["DECLARE differences STRING;", *lines]) + "\n"


def fence(dataset: str, before: Head) -> str:
    """Write what ends a script where another load has published meanwhile."""
    head = quoted(f"{dataset}.{ETL_HEAD.name}")
    return (
        f"IF NOT EXISTS (SELECT 1 FROM {head} WHERE run_id = {sql.literal(before.run)})"
        f" THEN RAISE USING MESSAGE = {sql.literal(sql.HEAD_FAULT)}; END IF;"
    )


def _shows(condition: str) -> bool:
    return obstacles.shows_all({"filterPredicate": condition})


def full(table: bigquery.Table) -> str:
    """Return the full name of a table."""
    return f"{table.project}.{table.dataset_id}.{table.table_id}"
