"""What spoils a night in BigQuery although every column is as its contract says: expiry, filters, policies, collation.

Expiry of what this program made is taken off: BigQuery's sandbox gives 60 days to every table and partition, which keep
them after billing is turned on. Whatever else is found here a person wanted, so that it is refused, with its cure.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from google.cloud.bigquery import Dataset, Table

from etl.load.bigquery.schema import MANAGED

_LEAST_STAGING = timedelta(hours=12)
_NO_FILTER = "TRUE"


def is_ours(thing: Dataset | Table) -> bool:
    """Return whether this program made a dataset or a table."""
    return MANAGED.items() <= dict(thing.labels).items()


def expiries(thing: Dataset | Table) -> dict[str, str]:
    """Return what lets a published dataset's or table's rows expire: by the field to clear, in words."""
    if isinstance(thing, Dataset):
        lives = {
            "default_table_expiration_ms": ("new tables expire", thing.default_table_expiration_ms),
            "default_partition_expiration_ms": (
                "partitions of new tables expire",
                thing.default_partition_expiration_ms,
            ),
        }
        return {field: f"{what} after {_days(life)}" for field, (what, life) in lives.items() if life}
    found = {"expires": f"it expires on {thing.expires:%Y-%m-%d}"} if thing.expires else {}
    if thing.time_partitioning and thing.time_partitioning.expiration_ms:
        found["time_partitioning"] = f"its partitions expire after {_days(thing.time_partitioning.expiration_ms)}"
    return found


def clear_expiry(thing: Dataset | Table) -> None:
    """Take the expiry off, in memory."""
    for field in expiries(thing):
        if isinstance(thing, Table) and field == "time_partitioning":
            thing.time_partitioning.expiration_ms = None
        else:
            setattr(thing, field, None)


def of_dataset(name: str, dataset: Dataset, *, staging: bool) -> Iterator[str]:
    """Name what is in the way of the night in a dataset, each with its cure. name: "project.dataset"."""
    alter = f"ALTER SCHEMA `{name}` SET"
    life = dataset.default_table_expiration_ms
    if staging and life and timedelta(milliseconds=life) < _LEAST_STAGING:
        yield (
            f"the dataset {name}: tables expire after {_days(life)}, before they are published:"
            f" {alter} OPTIONS (default_table_expiration_days = 3)"
        )
    found = expiries(dataset)
    if found and not staging and not is_ours(dataset):
        options = {field.replace("_ms", "_days"): None for field in found}
        yield (
            f"the dataset {name}: {' and '.join(found.values())}:"
            f" {alter} OPTIONS ({', '.join(f'{option} = NULL' for option in options)})"
        )
    if collation := dataset.to_api_repr().get("defaultCollation"):
        yield f"the dataset {name} compares texts by {collation}: {alter} DEFAULT COLLATE ''"


def of_table(
    name: str, table: Table, policies: Sequence[dict[str, Any]], policy_tag: str | None = None
) -> Iterator[str]:
    """Name what is in the way of the night in a published table, each with its cure. name: "project.dataset.table".

    policy_tag: the one that the settings put on personal data.
    """
    short, alter = table.table_id, f"ALTER TABLE `{name}`"
    if (found := expiries(table)) and not is_ours(table):
        options = {"expires": "expiration_timestamp", "time_partitioning": "partition_expiration_days"}
        cleared = ", ".join(f"{options[field]} = NULL" for field in found)
        yield f"{short}: {' and '.join(found.values())}: {alter} SET OPTIONS ({cleared})"
    partitioning = table.to_api_repr().get("timePartitioning") or {}
    if table.require_partition_filter or partitioning.get("requirePartitionFilter"):
        yield (
            f"{short} cannot be read as a whole (require_partition_filter):"
            f" {alter} SET OPTIONS (require_partition_filter = FALSE)"
        )
    if policies and not any(shows_all(policy) for policy in policies):
        yield (
            f"{short} has row access policies, so that not all of its rows may be seen: DROP ALL ROW ACCESS POLICIES ON"
            f' `{name}`, or CREATE ROW ACCESS POLICY etl ON `{name}` GRANT TO ("<this account>") FILTER USING (TRUE)'
        )
    yield from _of_columns(short, alter, table, policy_tag)


def _of_columns(short: str, alter: str, table: Table, policy_tag: str | None) -> Iterator[str]:
    if collation := table.to_api_repr().get("defaultCollation"):
        yield f"{short} compares texts by {collation}: {alter} SET DEFAULT COLLATE ''"
    for field in table.schema:
        if field.policy_tags and set(field.policy_tags.names) - {policy_tag}:
            yield (
                f"{short}.{field.name} has a policy tag, so that its values may be hidden or masked: {alter} ALTER"
                f" COLUMN `{field.name}` SET OPTIONS (policy_tags = []), and give readers a view instead"
            )


def shows_all(policy: dict[str, Any]) -> bool:
    """Return whether a row access policy shows all rows to those whom it names."""
    return str(policy.get("filterPredicate", "")).strip("() \n").upper() == _NO_FILTER


def _days(milliseconds: float) -> str:
    return f"{timedelta(milliseconds=milliseconds) / timedelta(days=1):.3g} days"
