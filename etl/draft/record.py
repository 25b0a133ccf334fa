"""What the catalogue said when tables were drafted: `.draft/<source>.json` beside the tables, to be kept with them."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from etl.core.errors import DataError
from etl.core.whole import write_whole
from etl.draft.catalogue import Catalogue, Table
from etl.draft.parts import Part

_FORMAT = 1


@dataclass(frozen=True)
class Drafted:
    """A drafted table: the source's tables that its query reads, the first one its own, each as it was.

    names: what the columns of its own table are called in the draft.
    """

    name: str
    query: str
    tables: dict[str, dict[str, Any]]
    names: dict[str, str]


def path_of(tables_dir: Path, source: str) -> Path:
    """Return where the record of a source lies."""
    return tables_dir.parent / ".draft" / f"{source}.json"


def read(path: Path) -> dict[str, Drafted]:
    """Read what was drafted, by the tables' names; nothing where no draft was made."""
    if not path.is_file():
        return {}
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        if told["format"] != _FORMAT:
            raise ValueError(f"its format is {told['format']}")
        return {name: Drafted(name, **each) for name, each in told["drafted"].items()}
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise DataError(
            f"{path}, in which drafts are noted, cannot be read: {error}.",
            "Move it away: what the catalogue changed since the last draft is then not told.",
        ) from None


def write(path: Path, drafted: dict[str, Drafted]) -> None:
    """Write what was drafted."""
    path.parent.mkdir(parents=True, exist_ok=True)
    told = {
        name: {"query": each.query, "tables": each.tables, "names": each.names}
        for name, each in sorted(drafted.items())
    }
    text = json.dumps({"format": _FORMAT, "drafted": told}, indent=1, ensure_ascii=False)
    write_whole(path, text + "\n")


def of_part(part: Part, catalogue: Catalogue) -> Drafted:
    """Return what is noted of a part."""
    read_tables = dict.fromkeys([part.table.full, *(join.table.full for join in part.joins)])
    names = {item.column.name: item.name for item in part.items if not item.is_joined}
    return Drafted(part.name, part.query, {full: state(catalogue[full]) for full in read_tables}, names)


def refreshed(drafted: Drafted, catalogue: Catalogue) -> Drafted | None:
    """Return what is noted of a table as the catalogue is now; None where its own table is gone."""
    own = next(iter(drafted.tables))
    if own not in catalogue:
        return None
    tables = {full: state(catalogue[full]) for full in drafted.tables if full in catalogue}
    return replace(drafted, tables=tables)


def state(table: Table) -> dict[str, Any]:
    """Return what the catalogue says of a table, but for what changes each day."""
    return {
        "comment": table.comment,
        "key": list(table.key),
        "foreign_keys": sorted([list(k.columns), k.table, list(k.referred)] for k in table.foreign_keys),
        "columns": {c.name: {"type": c.type, "nullable": c.nullable, "comment": c.comment} for c in table.columns},
    }
