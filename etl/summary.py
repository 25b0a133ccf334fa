"""How a night ended: the last line of its log, and the short table for whoever is watching."""

from datetime import datetime
from functools import reduce
from pathlib import Path

from rich.console import Console
from rich.table import Table

from config import Settings
from etl.core.call import call
from etl.core.clock import told
from etl.core.counted import counted
from etl.core.errors import RefreshError
from etl.core.log import entries
from etl.core.nights import NightRecord
from etl.core.runs import Store
from etl.load.open import open_warehouse

_ERROR = "Error: "


def last_line(record: NightRecord, store: Store, logged: Path, code: int, seconds: float) -> str:
    """Return in one line how a night ended. logged: its log's file; seconds: how long it took."""
    night = f"night {record.run}"
    if code == 0:
        return f"{night}: {_published(record, store)}, in {seconds:.0f} s"
    if code == RefreshError.exit_code:
        why = _why(logged, code)
        return f"{night}: {_published(record, store)}, in {seconds:.0f} s, but {why[0].lower()}{why[1:]}"
    stage = record.stages[-1].script if record.stages else "its start"
    how = {3: "a guard refused in", 130: "interrupted in"}.get(code, "failed in")
    return f"{night}: {how} {stage} (exit {code}), after {seconds:.0f} s: {_why(logged, code)}"


def _published(record: NightRecord, store: Store) -> str:
    if record.run not in store.loaded.committed():
        return "nothing new to publish"
    star = store.star.read(record.run)
    rows, rejected = counted(star)
    return (
        f"published as of {star.as_of:%Y-%m-%d %H:%M:%S} UTC: {len(star.tables)} tables, {rows:,} rows,"
        f" {rejected:,} rejected"
    )


def _why(logged: Path, code: int) -> str:
    text = logged.read_text(encoding="utf-8", errors="replace") if logged.exists() else ""
    errors = [said for level, said in entries(text) if level == "ERROR" and said.startswith(_ERROR)]
    if errors:
        lines = [line.strip() for line in errors[-1].removeprefix(_ERROR).strip().splitlines()]
        return reduce(_joined, lines)
    if 128 < code != 130:
        return f"it was killed by signal {code - 128}, perhaps because memory ran out"
    return "no error was written; see standard error" if code != 130 else "nothing more was committed"


def _joined(text: str, line: str) -> str:
    return f"{text} {line}" if text.endswith(":") else f"{text.rstrip('.')}; {line}"


def show(settings: Settings, settings_file: Path, store: Store, record: NightRecord) -> None:
    """Print what was published, and where it lies."""
    star = store.star.read(record.run)
    at = told(star.as_of, settings.business_time_zone)
    table = Table("table", "rows", "rejected", "set aside", "seconds")
    for column in table.columns[1:]:
        column.justify = "right"
    for name, built in star.tables.items():
        numbers = (built.rows, built.all_rejected, built.all_set_aside)
        table.add_row(name, *(f"{number:,}" for number in numbers), f"{built.seconds:.1f}")
    console = Console(markup=False, highlight=False)
    console.print(f"Published as of {at}", soft_wrap=True)
    console.print(table)
    if store.local == store.folder:
        console.print(f"Raw files, star, rejects, receipts and logs: {store.folder}", soft_wrap=True)
    else:
        console.print(f"Raw files, star, rejects and receipts: {store.folder}; logs: {store.local}", soft_wrap=True)
    if drawn_since(settings.dashboard_file, record.started):
        console.print(f"The dashboard, for any browser: {settings.dashboard_file}", soft_wrap=True)
    with open_warehouse(settings) as warehouse:
        console.print(warehouse.describe(), soft_wrap=True)
    query = "SELECT table_name, as_of, row_count FROM etl_runs ORDER BY published_at"
    console.print(f'Or from here: {call("-m etl sql", settings_file)} "{query}"', soft_wrap=True)


def drawn_since(file: Path, start: datetime) -> bool:
    """Whether a dashboard was written since a night began."""
    return file.exists() and file.stat().st_mtime >= start.timestamp() - 1
