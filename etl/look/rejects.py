"""The rows that a star left out: by reason, with examples."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

import config
from etl.core import arrow_csv
from etl.core.errors import UsageError
from etl.core.manifest import StarManifest
from etl.core.names import guess
from etl.core.runs import Store
from etl.core.safe_text import safe
from etl.look.screen import console, table

_SCHEMA = pa.schema([("reason", pa.string()), ("row", pa.string())])
_LONGEST = 200


def show(settings_file: Path, name: str | None, run: str | None, examples: int, full: bool) -> None:
    """Print the rejects of a table of a star (default: the newest), or how many each table has."""
    store = Store.of(config.load(settings_file))
    star = store.star.read(run) if run else store.star.newest("./nightly.sh")
    if name is None:
        _overview(star)
        return
    if name not in star.tables:
        raise UsageError(
            f"There is no table {name} in star {star.run}.",
            guess(name, star.tables, f"Choose: {', '.join(star.tables)}."),
        )
    _one(star, name, store.star.path(star.run), examples, None if full else _LONGEST)


def _overview(star: StarManifest) -> None:
    lines = table("table", "rejected", "set aside", title=f"Star {star.run}", right=("rejected", "set aside"))
    for name, built in star.tables.items():
        lines.add_row(name, f"{sum(built.rejected.values()):,}", f"{sum(built.set_aside.values()):,}")
    console().print(lines)


def _one(star: StarManifest, name: str, folder: Path, examples: int, longest: int | None) -> None:
    screen, built = console(), star.tables[name]
    screen.print(f"{name} in star {star.run}: {sum(built.rejected.values()):,} of {built.handed:,} rows are rejected.")
    shown: Counter[str] = Counter()
    rows: dict[str, list[str]] = {}
    for reason, row in _rejects(folder, [file.name for file in built.files]):
        if shown[reason] < examples:
            rows.setdefault(reason, []).append(row)
        shown[reason] += 1
    for reason, count in shown.most_common():
        screen.print(f"\n{count:,} × {safe(reason)}", soft_wrap=True)
        for row in rows.get(reason, []):
            screen.print(f"    {safe(row, longest)}", soft_wrap=True)
    for reason, count in sorted(built.set_aside.items(), key=lambda item: -item[1]):
        screen.print(f"\n{count:,} set aside: {safe(reason)}", soft_wrap=True)
    if shown:
        screen.print(f"\nA known fault of the source is corrected in tables/{name}.corrections.toml (see the README).")


def _rejects(folder: Path, files: list[str]) -> Iterator[tuple[str, str]]:
    """Read reason and row of every reject, some megabytes at a time."""
    for file in files:
        path = folder / "rejects" / file
        if path.is_file():
            for part in arrow_csv.batches(path, _SCHEMA):
                yield from zip(part.column("reason").to_pylist(), part.column("row").to_pylist(), strict=True)
