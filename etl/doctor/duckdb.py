"""A DuckDB file as the warehouse, or as a source."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from shlex import quote

from etl.doctor.check import Finding, check, failure, ok
from etl.doctor.warehouse import SeenWarehouse

_COPIES = 2.2
"""Times its size that a file takes while its next version is made beside it."""


@check(finds="a file that cannot be replaced, or has no room beside it")
def file(seen: SeenWarehouse) -> Iterator[Finding]:
    """Look at the file, its folder and its disk; that no other program holds it was seen when it was read."""
    path = Path(os.path.realpath(seen.company.settings.duckdb_path))
    folder = next(one for one in path.parents if one.exists())
    if not os.access(folder, os.W_OK | os.X_OK):
        yield failure(
            f"This user may not write in {folder}, where the DuckDB file is replaced each night.",
            f"Run the night as the folder's owner, or: sudo chown $(id -un) {quote(str(folder))}",
        )
        return
    size, free = path.stat().st_size if path.exists() else 0, shutil.disk_usage(folder).free
    if size * (_COPIES - 1) > free:
        yield failure(
            f"The DuckDB file has {size / 1e9:.1f} GB, and a load makes its next version beside it; {free / 1e9:.1f} GB"
            " are free.",
            "Free space, or name a file on a larger disk in DUCKDB_FILE.",
        )
    else:
        yield ok(
            f"The DuckDB file {path} can be replaced: {free / 1e9:.1f} GB are free beside its {size / 1e9:.1f} GB."
        )
