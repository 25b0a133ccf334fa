"""How a number came about: a table's source, rows, rejects by reason, receipt and lineage; or a measure's."""

from collections.abc import Collection, Mapping
from pathlib import Path

from rich.console import Console
from rich.tree import Tree

import config
from config import Settings
from etl.company.report import read_report
from etl.company.tables import NIGHT, TableFile, read_tables
from etl.contract.column import Reference
from etl.core.clock import told
from etl.core.errors import EtlError, UsageError
from etl.core.manifest import RawManifest, RawTable, StarManifest, StarTable
from etl.core.names import guess
from etl.core.receipt import TableReceipt
from etl.core.runs import Store
from etl.core.safe_text import safe
from etl.load.leftovers import leftover_told, leftovers
from etl.load.open import open_warehouse
from etl.look.measure import Shown
from etl.look.measure import show as show_measure
from etl.look.screen import console, table
from etl.receipts.slices import SLICES

_PUBLISHED = "Published in run"
_PATIENCE = 10.0
"""Seconds for which the warehouse is asked again what is published."""


def show(settings_file: Path, name: str) -> None:
    """Print how the newest star's table `name` came about, what a query delivered to whom, or what a measure is."""
    settings = config.load(settings_file)
    store, tables = Store.of(settings), read_tables(settings.tables_dir)
    report = read_report(settings.report_folder) if settings.has_report else None
    screen = console()
    star = store.newest_star("./nightly.sh")
    raw = store.raw.read(str(star.made_from)) if star.made_from in store.raw.committed() else None
    if name in star.tables and name in tables:
        _show_table(screen, name, star.tables[name], tables, raw, store, settings.business_time_zone)
    elif raw and name in raw.tables:
        _show_query(screen, name, raw.tables[name], tables, settings.business_time_zone)
    elif report and (measure := _like(name, report.measures)):
        show_measure(screen, settings, report, measure, _shown(store, star, raw))
    else:
        known = [*(table for table in star.tables if table in tables), *(raw.tables if raw else [])]
        known += report.measures if report else []
        otherwise = f"Choose: {', '.join(known)}."
        if name in star.tables:
            raise UsageError(
                f"Star {star.run} has the table {name}, but {settings.tables_dir} no longer has its file.", otherwise
            )
        if left := _leftover(settings, name, tables, settings_file):
            raise UsageError(f"Star {star.run} has no table {name}: {left}", otherwise)
        raise UsageError(
            f"There is no table{' or measure' if report else ''} {name} in star {star.run}.",
            guess(name, known, otherwise),
        )


def _shown(store: Store, star: StarManifest, raw: RawManifest | None) -> Shown:
    """Return the tables of which a measure's value is made: those that are published, or, before any is, the star's."""
    try:
        loaded = store.loaded.newest("LoadFilesBQ.py")
    except EtlError:
        return Shown(star.tables, raw, f" in star {star.run}, which is not published")
    tables = {name: table.star for name, table in loaded.tables.items()}
    if loaded.made_from == star.run:
        return Shown(tables, raw)
    raw_run = max((table.raw_run for table in tables.values()), default="")
    older = store.raw.read(raw_run) if raw_run in store.raw.committed() else None
    return Shown(tables, older, f" in star {loaded.made_from}, which is published; star {star.run} is not")


def _like(name: str, known: Collection[str]) -> str | None:
    """Return the name among those known, however it is typed."""
    return next((each for each in known if each.casefold() == name.strip("[] ").casefold()), None)


def _leftover(settings: Settings, name: str, tables: Collection[str], settings_file: Path) -> str | None:
    """Say of a name that it is a published table whose file is gone; None where it is not, or nobody can tell."""
    try:
        with open_warehouse(settings, patience=_PATIENCE) as warehouse:
            rows = leftovers(warehouse, tables)
    except EtlError:
        return None
    return next((leftover_told(settings, row, settings_file) for row in rows if row.table == name), None)


def _show_table(
    screen: Console,
    name: str,
    built: StarTable,
    tables: dict[str, TableFile],
    raw: RawManifest | None,
    store: Store,
    zone: str,
) -> None:
    contract = tables[name].contract
    screen.print(f"{name}: {contract.grain}")
    screen.print(f"As of {told(built.as_of, zone)}; built in run {built.run} from raw run {built.raw_run}.")
    publication = _publication(store, name, built)
    screen.print(publication)
    _balance(screen, built, contract.is_dimension, is_published=publication.startswith(_PUBLISHED))
    screen.print(_lineage(name, tables, raw))
    _receipt(screen, built.receipt, "Receipt")
    columns = table("column", "type", "meaning")
    for column in contract.columns:
        refers = f" → {column.dimension}" if isinstance(column, Reference) else ""
        columns.add_row(column.name, str(column.type), f"{column.description}{refers}")
    screen.print(columns)


def _publication(store: Store, name: str, built: StarTable) -> str:
    try:
        loaded = store.loaded.newest("LoadFilesBQ.py")
    except EtlError:
        return "Nothing is published yet."
    published = loaded.tables.get(name)
    if published and published.star.run == built.run:
        return f"{_PUBLISHED} {loaded.run}."
    return f"Not published: run {loaded.run} published star {published.star.run if published else 'without it'}."


def _balance(screen: Console, built: StarTable, is_dimension: bool, *, is_published: bool) -> None:
    """Print the equation: what went in is published, or would be, rejected or set aside."""
    lines = table("rows", "", title="Rows", right=("rows",))
    lines.add_row(f"{built.handed:,}", "went in, or were made by build")
    for what, counts in (("rejected", built.rejected), ("set aside", built.why_set_aside)):
        for reason, count in sorted(counts.items(), key=lambda item: -item[1]):
            lines.add_row(f"−{count:,}", f"{what}: {safe(reason)}")
    if is_dimension:
        lines.add_row("+1", "the unknown member")
    lines.add_row(f"= {built.rows:,}", "published" if is_published else "to be published, and not published")
    for column, unknown in built.unknown.items():
        for count, why in ((unknown.null, "NULL"), (unknown.unmatched, "no such member")):
            if count:
                lines.add_row(f"{count:,}", f"of these with the unknown member in {column}: {why}")
    screen.print(lines)


def _lineage(name: str, tables: Mapping[str, TableFile], raw: RawManifest | None) -> Tree:
    tree = Tree(f"Lineage of {name}")
    _grow(tree, name, tables, raw)
    return tree


def _grow(tree: Tree, name: str, tables: Mapping[str, TableFile], raw: RawManifest | None) -> None:
    for source in sorted(tables[name].inputs - {NIGHT}):
        if source in tables:
            _grow(tree.add(source), source, tables, raw)
        else:
            tree.add(_query_line(source, raw))


def _query_line(name: str, raw: RawManifest | None) -> str:
    entry = raw.tables.get(name) if raw else None
    if entry is None:
        return f"query {name}"
    columns = ", ".join(column.name for column in entry.columns)
    return f"query {name} ({entry.rows:,} rows of source {entry.source} in {entry.seconds:.1f} s): {columns}"


def _show_query(screen: Console, name: str, entry: RawTable, tables: Mapping[str, TableFile], zone: str) -> None:
    screen.print(f"query {name}: {entry.rows:,} rows, {entry.bytes / 1e6:.1f} MB of source {entry.source}")
    screen.print(f"As of {told(entry.as_of, zone)}; extracted in run {entry.run} in {entry.seconds:.1f} s.")
    for layer in entry.changes.layers[1:] if entry.changes else ():
        screen.print(f"Upon it, in run {layer.run}: {layer.rows:,} rows that changed since {layer.since}.")
    readers = sorted(table for table, file in tables.items() if name in file.inputs)
    screen.print(f"Read by: {', '.join(readers) or 'no table'}.")
    if entry.receipt:
        part = "" if entry.slice is None else f" (the hash over slice {entry.slice} of {SLICES} of the keys)"
        _receipt(screen, entry.receipt, f"What the source itself says of it{part}")


def _receipt(screen: Console, receipt: TableReceipt, title: str) -> None:
    lines = table("column", "NULLs", "sum", "least", "greatest", title=title, right=("NULLs", "sum"))
    for name, column in receipt.columns.items():
        lines.add_row(
            name, f"{column.nulls:,}", *(safe(text or "", 40) for text in (column.sum, column.min, column.max))
        )
    screen.print(lines)
    screen.print(f"{receipt.rows:,} rows; the hash over them: {receipt.hash_sum or 'not computed'}")
