"""What a star takes over from the last one: the tables that --only leaves as they are, and all key maps."""

from pathlib import Path

import pyarrow as pa

from etl.company.plan import Plan
from etl.company.tables import TableFile
from etl.contract.column import UNKNOWN
from etl.core import arrow_csv
from etl.core.errors import DataError, GuardError, UsageError
from etl.core.folders import link
from etl.core.manifest import StarManifest, StarTable
from etl.transform.context import Context, star_files
from etl.transform.files import REJECTS
from etl.transform.keys import KEYS, read_key_map


def carried_over(tables: dict[str, TableFile], plan: Plan, last: StarManifest | None) -> dict[str, StarTable]:
    """Find the tables that --only leaves as they are in the last star."""
    names = [name for name in tables if name not in plan.tables]
    lacking = [name for name in names if last is None or name not in last.tables]
    if lacking:
        raise UsageError(
            f"--only keeps the other tables of the last star, which lacks {', '.join(lacking)}.",
            "Leave --only out once.",
        )
    if last is None:
        return {}
    changed = [name for name in names if list(last.tables[name].receipt.columns) != tables[name].contract.schema.names]
    if changed:
        raise UsageError(
            f"--only keeps {', '.join(changed)} as in the last star, but the contract's columns have changed.",
            "Name it in --only too, or leave --only out once.",
        )
    return {name: last.tables[name] for name in names}


def check_carried(carried: dict[str, StarTable], folder: Path) -> None:
    """Refuse to build upon tables of the last star that are not what its manifest says."""
    for table in carried.values():
        for each in [*(each for file in table.files for each in file.both), *table.beside]:
            path = folder / each.name
            if not path.is_file() or path.stat().st_size != each.bytes:
                raise DataError(f"{path} is not what its manifest says.", "Leave --only out once.")


def carry(context: Context, last: StarManifest, carried: dict[str, StarTable], tables: dict[str, TableFile]) -> None:
    """Hard-link what --only leaves, and all key maps; refuse where those refer to what a built dimension lost."""
    source = context.last_star
    if source is None:
        return
    for table in carried.values():
        every = dict.fromkeys(
            [*(each.name for file in table.files for each in file.both), *(f.name for f in table.beside)]
        )
        link(list(every), source, context.folder)
        rejects = [f"{REJECTS}/{file.name}" for file in table.files]
        link([file for file in rejects if (source / file).is_file()], source, context.folder)
    _carry_keys(source, context.folder)
    for name, file in tables.items():
        referring = [k for k in carried if name in {c.dimension for c in tables[k].contract.references}]
        if file.contract.is_dimension and name not in carried and name in last.tables and referring:
            _check_members(context, last, file, referring)


def _carry_keys(source: Path, folder: Path) -> None:
    """Hand on the key maps of what was not built, also of a table whose file is gone: it may come back."""
    maps = [f"{KEYS}/{path.name}" for path in sorted((source / KEYS).glob("*.parquet"))]
    link([file for file in maps if not (folder / file).exists()], source, folder)


def _check_members(context: Context, last: StarManifest, table: TableFile, referring: list[str]) -> None:
    """Refuse a rebuilt dimension that has not all members, by the same keys, that carried tables may refer to."""
    source = context.last_star or context.folder
    hint = f"Build these too: --only {' '.join([table.name, *referring])}."
    if read_key_map(source, table.contract) is None:
        raise GuardError(
            f"{table.name} has another natural key than in the last star, so its members got new keys;"
            f" {', '.join(referring)} refer to the old ones.",
            hint,
        )
    lost = _keys([source / file.name for file in last.tables[table.name].files], table)
    lost -= _keys(star_files(context, table.name), table)
    if lost:
        raise GuardError(
            f"{table.name} lost {len(lost):,} members since the last star; {', '.join(referring)} may refer to them.",
            hint,
        )


def _keys(paths: list[Path], table: TableFile) -> set[int]:
    key = pa.schema([table.contract.schema.field(str(table.contract.surrogate_key))])
    return {number for path in paths for number in arrow_csv.read_file(path, key).column(0).to_pylist()} - {UNKNOWN}
