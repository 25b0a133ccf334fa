"""The rows of a committed run."""

from typing import Any

from etl.core.manifest import LoadedManifest, Manifest, StarManifest


def counted(manifest: Manifest[Any]) -> tuple[int, int | None]:
    """Return the rows of all tables of a run, and how many were rejected: None where its stage rejects none."""
    tables = manifest.tables.values()
    if isinstance(manifest, StarManifest):
        return sum(table.rows for table in tables), sum(table.all_rejected for table in tables)
    if isinstance(manifest, LoadedManifest):
        return sum(table.star.rows for table in tables), None
    return sum(table.rows for table in tables), None
