"""The last nights, stage by stage, what is published, and what is under way."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import config
from config import Settings
from etl.core import lock, nights
from etl.core.call import completed
from etl.core.errors import EtlError, RefreshError
from etl.core.manifest import LoadedManifest, Manifest, RawManifest, StarManifest
from etl.core.nights import NightRecord
from etl.core.origin import foreign, owner_of
from etl.core.runs import Runs, Store
from etl.core.safe_text import safe
from etl.core.warehouse import about
from etl.load import power_bi
from etl.load.open import open_warehouse
from etl.look.screen import console, number, table

_NOT_REFRESHED = f"the refresh failed (exit {RefreshError.exit_code})"
_UNCOMMITTED = {0: "nothing to do", 3: "a guard refused (exit 3)", 4: _NOT_REFRESHED, 130: "interrupted"}
_STAGES = ("SQLDownloadMain.py", "TablesTransformMain.py", "LoadFilesBQ.py")

_PATIENCE = 10.0
"""Seconds for which the warehouse is asked again what is published."""


def show(settings_file: Path, count: int) -> int:
    """Print the last `count` runs; return 0 if the newest night was published and still is, else 1."""
    settings = config.load(settings_file)
    store = Store.of(settings)
    store.check_version()
    records = {record.run: record for record in nights.records(store.local)}
    stages: list[Runs[Any]] = [store.raw, store.star, store.loaded]
    runs = sorted({run for stage in stages for run in stage.committed()} | set(records))
    shown = table(
        "run", "stage", "began (UTC)", "seconds", "rows", "rejected", "outcome", right=("seconds", "rows", "rejected")
    )
    for run in runs[-count:]:
        for cells in _lines(run, stages, records.get(run)):
            shown.add_row(*cells)
        shown.add_section()
    screen = console()
    if runs:
        screen.print(shown)
    holder = lock.holder(store.local, store.folder)
    for line in _said(runs[-count:], records, store.loaded.committed(), under_way=holder is not None):
        screen.print(line, soft_wrap=True)
    told, ours = _published(settings, store)
    screen.print(told, soft_wrap=True)
    if dataset := power_bi.told(settings, store):
        screen.print(completed(dataset, settings_file), soft_wrap=True)
    if holder:
        screen.print(f"Under way: {holder}", soft_wrap=True)
    return 0 if runs and runs[-1] in store.loaded.committed() and ours else 1


def _lines(run: str, stages: list[Runs[Any]], record: NightRecord | None) -> list[list[str]]:
    """Write a line for each stage that ran."""
    began = {stage.script: stage for stage in record.stages} if record else {}
    lines: list[list[str]] = []
    for stage, script in zip(stages, _STAGES, strict=True):
        tried, manifest = began.get(script), _manifest(stage, run)
        if manifest is None and tried is None:
            continue
        name = run if not lines else ""
        start = _time(tried.started) if tried else ""
        seconds = manifest.seconds if isinstance(manifest, Manifest) else tried.seconds if tried else 0
        rows, rejected = _counts(manifest)
        lines.append([name, script, start, f"{seconds:.1f}", number(rows), number(rejected), _outcome(manifest, tried)])
    return lines or [[run, "", _time(record.started) if record else "", "", "", "", "did not come to a stage"]]


def _manifest(stage: Runs[Any], run: str) -> Manifest[Any] | str | None:
    """Read a run's manifest; a text where it is damaged, None where the stage committed none."""
    if run not in stage.committed():
        return None
    try:
        manifest: Manifest[Any] = stage.read(run)
        return manifest
    except EtlError as error:
        return error.message


def _counts(manifest: Manifest[Any] | str | None) -> tuple[int | None, int | None]:
    if isinstance(manifest, RawManifest):
        return sum(table.rows for table in manifest.tables.values()), None
    if isinstance(manifest, StarManifest):
        tables = manifest.tables.values()
        return sum(table.rows for table in tables), sum(table.all_rejected for table in tables)
    if isinstance(manifest, LoadedManifest):
        return sum(table.star.rows for table in manifest.tables.values()), None
    return None, None


def _outcome(manifest: Manifest[Any] | str | None, tried: nights.StageRecord | None) -> str:
    if isinstance(manifest, str):
        return safe(manifest)
    code = tried.exit_code if tried else 0
    if manifest is None:
        return _UNCOMMITTED.get(code, f"failed (exit {code})")
    done = f"published; {_NOT_REFRESHED}" if code == RefreshError.exit_code else "done"
    accepted = [f"accepted {name}" for name in manifest.accepted]
    altered = [f"changed by hand: {name}" for name in manifest.altered] if isinstance(manifest, LoadedManifest) else []
    return ", ".join([done, *accepted, *altered])


def _said(runs: list[str], records: dict[str, NightRecord], published: Sequence[str], *, under_way: bool) -> list[str]:
    """Tell why nights failed, which never ended, and whether that is over."""
    said = []
    for run in runs:
        record = records.get(run)
        over = " (since then published)" if record and _is_over(record, records, published) else ""
        if record and record.exit_code is None:
            said.append(f"night {run}: it {'is under way' if under_way and run == runs[-1] else 'was killed'}{over}")
        elif record and record.exit_code:
            said.append(f"{safe(record.said)}{over}")
    return said


def _is_over(record: NightRecord, records: dict[str, NightRecord], published: Sequence[str]) -> bool:
    """Whether a later run was published; after a failed refresh, one whose own refresh did not fail."""
    later = [run for run in published if run > record.run]
    if record.exit_code != RefreshError.exit_code:
        return bool(later)
    return any(run not in records or records[run].exit_code == 0 for run in later)


def _published(settings: Settings, store: Store) -> tuple[str, bool]:
    """Return what is published, and by whom; returns besides whether it is ours."""
    try:
        newest = store.loaded.newest("./nightly.sh")
        told = f"Published: as of {_time(newest.as_of)} UTC, run {newest.run}, star {newest.made_from}."
    except EtlError as error:
        newest, told = None, f"Published: nothing is known. {error.message}"
    try:
        with open_warehouse(settings, patience=_PATIENCE) as warehouse:
            head = warehouse.head()
    except EtlError as error:
        return f"{told} Whether it still is, the warehouse does not say: {safe(error.message)}", True
    where = about(settings).address
    if head.origin and foreign(head.origin, owner_of(settings, store.identity(make=False))):
        others = ", ".join(f"the {name} {value}" for name, value in head.origin.items())
        return (
            f"Published in {where}: run {head.run} of others ({safe(others)}), not a night of this data folder.",
            False,
        )
    if head.run and (newest is None or head.run != newest.run):
        return f"{told} In {where} run {head.run} was published last; no receipt of it was kept here.", True
    return told, True


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"
