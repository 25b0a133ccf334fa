"""The rows that a star left out: by reason, with examples."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

import config
from etl.core import arrow_csv
from etl.core.errors import UsageError
from etl.core.failed_rejects import failed
from etl.core.manifest import StarManifest
from etl.core.names import guess
from etl.core.runs import Store
from etl.core.safe_text import safe
from etl.look.screen import console, table

_SCHEMA = pa.schema([("reason", pa.string()), ("row", pa.string())])
_LONGEST = 200


def show(settings_file: Path, name: str | None, run: str | None, examples: int, full: bool) -> None:
    """Print the rejects of a table of a star (default: the newest), or how many each table has."""
    settings = config.load(settings_file)
    store = Store.of(settings)
    if run is None and (of_failed := failed(store.local)):
        _failed(*of_failed, name, examples, None if full else _LONGEST)
        return
    star = store.star.read(run) if run else store.star.newest("./nightly.sh")
    if name is None:
        _overview(star)
        return
    if name not in star.tables:
        raise UsageError(
            f"There is no table {name} in star {star.run}.",
            guess(name, star.tables, f"Choose: {', '.join(star.tables)}."),
        )
    if _one(star, name, store.star.path(star.run), examples, None if full else _LONGEST):
        file = settings.tables_dir / f"{name}.corrections.toml"
        console().print(f"\nA known fault of the source is corrected in {file} (see the README).", soft_wrap=True)


def _overview(star: StarManifest) -> None:
    lines = table("table", "rejected", "set aside", title=f"Star {star.run}", right=("rejected", "set aside"))
    for name, built in star.tables.items():
        lines.add_row(name, f"{sum(built.rejected.values()):,}", f"{sum(built.set_aside.values()):,}")
    console().print(lines)


def _failed(run: str, files: dict[str, list[Path]], name: str | None, examples: int, longest: int | None) -> None:
    """Print the rejects of the newest star, which failed; the committed ones are shown by --run."""
    screen = console()
    screen.print(f"The star {run} failed; this is what it had rejected by then. --run shows another star.")
    if name is not None and name not in files:
        screen.print(f"{name}: no row is rejected.")
    for table_ in [name] if name in files else [] if name else sorted(files):
        screen.print(f"\n{table_}:")
        _reasons(files[str(table_)], examples if name else 0, longest)


def _one(star: StarManifest, name: str, folder: Path, examples: int, longest: int | None) -> bool:
    """Print the rejects of a table; return whether there are any."""
    screen, built = console(), star.tables[name]
    screen.print(f"{name} in star {star.run}: {sum(built.rejected.values()):,} of {built.handed:,} rows are rejected.")
    shown = _reasons([folder / "rejects" / file.name for file in built.files], examples, longest)
    for reason, count in sorted(built.set_aside.items(), key=lambda item: -item[1]):
        screen.print(f"\n{count:,} set aside: {safe(reason)}", soft_wrap=True)
    return shown > 0


def _reasons(files: list[Path], examples: int, longest: int | None) -> int:
    """Print the reasons in files of rejects, each with some of its rows; gives how many rows there are."""
    screen = console()
    shown: Counter[str] = Counter()
    rows: dict[str, list[str]] = {}
    for reason, row in _rejects(files):
        if shown[reason] < examples:
            rows.setdefault(reason, []).append(row)
        shown[reason] += 1
    for reason, count in shown.most_common():
        screen.print(f"\n{count:,} × {safe(reason)}", soft_wrap=True)
        for row in rows.get(reason, []):
            screen.print(f"    {safe(row, longest)}", soft_wrap=True)
    return shown.total()


def _rejects(files: list[Path]) -> Iterator[tuple[str, str]]:
    """Read reason and row of every reject, some megabytes at a time."""
    for path in files:
        if path.is_file():
            for part in arrow_csv.batches(path, _SCHEMA):
                yield from zip(part.column("reason").to_pylist(), part.column("row").to_pylist(), strict=True)
