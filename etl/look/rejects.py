"""The rows that a star left out: by reason, with examples."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

import config
from config.redacted import STARS
from etl.core import arrow_csv
from etl.core.errors import EtlError, UsageError
from etl.core.failed_rejects import failed
from etl.core.manifest import StarManifest
from etl.core.names import guess
from etl.core.personal import Marks
from etl.core.runs import Store
from etl.core.safe_text import safe
from etl.look.screen import console, table

_SCHEMA = pa.schema([("reason", pa.string()), ("row", pa.string())])
_LONGEST = 200


@dataclass(frozen=True)
class Shown:
    """How rows are shown. examples: of each reason; longest: characters of a row; marks: what of it is not shown."""

    examples: int
    longest: int | None
    marks: Marks
    declared: frozenset[str]

    def row(self, table: str, text: str) -> str:
        """Write a row, stars in place of its personal data."""
        row = json.loads(text)
        personal = self.marks.in_rows_of(table, row, self.declared)
        starred = {name: STARS if name in personal and value is not None else value for name, value in row.items()}
        return safe(json.dumps(starred, ensure_ascii=False) if personal else text, self.longest)


def show(
    settings_file: Path, name: str | None, run: str | None, *, examples: int, full: bool, show_personal: bool
) -> None:
    """Print the rejects of a table of a star (default: the newest), or how many each table has."""
    settings = config.load(settings_file)
    store = Store.of(settings)
    marks, declared = (
        (Marks(), frozenset[str]()) if show_personal else (Marks.of(settings.tables_dir), _declared(store))
    )
    shown = Shown(examples, None if full else _LONGEST, marks, declared)
    if run is None and (of_failed := failed(store.local)):
        _failed(*of_failed, name, shown)
        return
    star = store.star.read(run) if run else store.newest_star("./nightly.sh")
    if name is None:
        _overview(star)
        return
    if name not in star.tables:
        raise UsageError(
            f"There is no table {name} in star {star.run}.",
            guess(name, star.tables, f"Choose: {', '.join(star.tables)}."),
        )
    if _one(star, name, store.star.path(star.run), shown):
        file = settings.tables_dir / f"{name}.corrections.toml"
        console().print(
            f"\nA known fault of the source is corrected in {file} (see docs/operating.md).", soft_wrap=True
        )


def _declared(store: Store) -> frozenset[str]:
    """Name the columns that the headers of the newest run's queries declare as personal data, or that follow there."""
    try:
        return frozenset(name for table in store.raw.newest("").tables.values() for name in table.personal)
    except EtlError:
        return frozenset()


def _overview(star: StarManifest) -> None:
    lines = table("table", "rejected", "set aside", title=f"Star {star.run}", right=("rejected", "set aside"))
    for name, built in star.tables.items():
        lines.add_row(name, f"{built.all_rejected:,}", f"{built.all_set_aside:,}")
    console().print(lines)


def _failed(run: str, files: dict[str, list[Path]], name: str | None, shown: Shown) -> None:
    """Print the rejects of the newest star, which failed; the committed ones are shown by --run."""
    screen = console()
    screen.print(f"The star {run} failed; this is what it had rejected by then. --run shows another star.")
    if name is not None and name not in files:
        screen.print(f"{name}: no row is rejected.")
    for table_ in [name] if name in files else [] if name else sorted(files):
        screen.print(f"\n{table_}:")
        reasons(str(table_), files[str(table_)], shown if name else replace(shown, examples=0))


def _one(star: StarManifest, name: str, folder: Path, how: Shown) -> bool:
    """Print the rejects of a table; return whether there are any."""
    screen, built = console(), star.tables[name]
    screen.print(f"{name} in star {star.run}: {built.all_rejected:,} of {built.handed:,} rows are rejected.")
    shown = reasons(name, [folder / "rejects" / file.name for file in built.files], how)
    for reason, count in built.why_set_aside.items():
        screen.print(f"\n{count:,} set aside: {safe(reason)}", soft_wrap=True)
    return shown > 0


def reasons(table: str, files: list[Path], how: Shown) -> int:
    """Print the reasons in files of rejects, each with some of its rows; returns how many rows there are."""
    screen = console()
    shown: Counter[str] = Counter()
    rows: dict[str, list[str]] = {}
    for reason, row in _rejects(files):
        if shown[reason] < how.examples:
            rows.setdefault(reason, []).append(row)
        shown[reason] += 1
    for reason, count in shown.most_common():
        screen.print(f"\n{count:,} × {safe(reason)}", soft_wrap=True)
        for row in rows.get(reason, []):
            screen.print(f"    {how.row(table, row)}", soft_wrap=True)
    return shown.total()


def _rejects(files: list[Path]) -> Iterator[tuple[str, str]]:
    """Read reason and row of every reject, some megabytes at a time."""
    for path in files:
        if path.is_file():
            for part in arrow_csv.batches(path, _SCHEMA):
                yield from zip(part.column("reason").to_pylist(), part.column("row").to_pylist(), strict=True)
