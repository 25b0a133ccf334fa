"""The last nights, stage by stage, what is published, and what is under way."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import config
from config import Settings
from etl.core import lock
from etl.core.call import completed
from etl.core.clock import told
from etl.core.errors import EtlError
from etl.core.manifest import RawManifest
from etl.core.names import table_files
from etl.core.origin import foreign, owner_of
from etl.core.runs import Store
from etl.core.safe_text import safe
from etl.core.warehouse import about
from etl.load import power_bi
from etl.load.leftovers import leftover_told, leftovers
from etl.load.open import open_warehouse
from etl.look.ran import Night, Stage, newest_nights
from etl.look.screen import console, number, table

_PATIENCE = 10.0
"""Seconds for which the warehouse is asked again what is published."""


@dataclass(frozen=True)
class _Published:
    """What is published. said: a sentence; run, as_of: of our newest publish; is_ours: whether it is still there.

    leftovers: a sentence for each published table whose table file is gone.
    """

    said: str
    run: str | None
    as_of: datetime | None
    is_ours: bool = True
    leftovers: tuple[str, ...] = ()


def show(settings_file: Path, count: int, *, as_json: bool = False) -> int:
    """Print the last `count` runs; return 0 if the newest night was published and still is, else 1."""
    settings = config.load(settings_file)
    store = Store.of(settings)
    store.check_version()
    found = newest_nights(store, count)
    holder = lock.holder(store.local, store.folder)
    published = _published(settings, store, settings_file)
    dataset, drift = power_bi.told(settings, store), _drift(store)
    is_good = bool(found and found[-1].run in store.loaded.committed() and published.is_ours)
    if as_json:
        every = {
            "good": is_good,
            "published": asdict(published),
            "dataset": dataset,
            "drift": drift and {"run": drift.run, "missed": {n: m.model_dump() for n, m in drift.missed.items()}},
            "under_way": holder,
            "nights": [asdict(night) for night in found],
        }
        print(json.dumps(every, default=_iso, ensure_ascii=False, indent=1))
    else:
        dataset = completed(dataset, settings_file) if dataset else dataset
        said = [published.said, *published.leftovers, *_told_drift(drift)]
        _print(found, settings.business_time_zone, said, dataset, holder)
    return 0 if is_good else 1


def _iso(value: object) -> str:
    if not isinstance(value, datetime):
        raise TypeError(type(value).__name__)
    return value.astimezone(UTC).isoformat()


def _print(found: list[Night], zone: str, published: list[str], dataset: str | None, holder: str | None) -> None:
    shown = table(
        "run",
        "stage",
        f"began ({zone})",
        "seconds",
        "rows",
        "rejected",
        "outcome",
        right=("seconds", "rows", "rejected"),
    )
    for night in found:
        for cells in _lines(night, ZoneInfo(zone)):
            shown.add_row(*cells)
        shown.add_section()
    screen = console()
    if found:
        screen.print(shown)
    lines = [_said(night, under_way=bool(holder) and night is found[-1]) for night in found]
    for line in (*lines, *published, dataset, f"Under way: {holder}" if holder else None):
        if line:
            screen.print(line, soft_wrap=True)


def _lines(night: Night, zone: ZoneInfo) -> list[list[str]]:
    """Write a line for each stage that ran."""
    if not night.stages:
        return [[night.run, "", _time(night.began, zone), "", "", "", "did not come to a stage"]]
    names = [night.run, *[""] * (len(night.stages) - 1)]
    return [[name, *_cells(stage, zone)] for name, stage in zip(names, night.stages, strict=True)]


def _cells(stage: Stage, zone: ZoneInfo) -> list[str]:
    seconds = "" if stage.seconds is None else f"{stage.seconds:.1f}"
    counts = (number(stage.rows), number(stage.rejected))
    return [stage.stage, _time(stage.began, zone), seconds, *counts, stage.outcome]


def _said(night: Night, *, under_way: bool) -> str:
    """Tell why a night failed, or that it never ended, and whether that is over."""
    over = " (since then published)" if night.over else ""
    if night.began and night.exit_code is None:
        return f"night {night.run}: it {'is under way' if under_way else 'was killed'}{over}"
    return f"{safe(night.said)}{over}" if night.exit_code else ""


def _published(settings: Settings, store: Store, settings_file: Path) -> _Published:
    """Return what is published, and by whom."""
    run, as_of = None, None
    try:
        newest = store.loaded.newest("./nightly.sh")
        run, as_of = newest.run, newest.as_of
        said = f"Published: as of {told(as_of, settings.business_time_zone)}, run {run}, star {newest.made_from}."
    except EtlError as error:
        said = f"Published: nothing is known. {error.message}"
    is_ours = True
    try:
        with open_warehouse(settings, patience=_PATIENCE) as warehouse:
            head = warehouse.head()
            built = {path.stem for path in table_files(settings.tables_dir)}
            left = (
                tuple(leftover_told(settings, row, settings_file) for row in leftovers(warehouse, built))
                if built
                else ()
            )
    except EtlError as error:
        return _Published(f"{said} Whether it still is, the warehouse does not say: {safe(error.message)}", run, as_of)
    where = about(settings).address
    if head.origin and foreign(head.origin, owner_of(settings, store.identity(make=False))):
        others = ", ".join(f"the {name} {value}" for name, value in head.origin.items())
        said = f"Published in {where}: run {head.run} of others ({safe(others)}), not a night of this data folder."
        is_ours = False
    elif head.run and head.run != run:
        said = f"{said} In {where} run {head.run} was published last; no receipt of it was kept here."
    return _Published(said, run, as_of, is_ours, left)


def _drift(store: Store) -> RawManifest | None:
    """Return the newest run that read all rows and compared them with what nights of changes had left."""
    return next((each for each in reversed(store.raw.kept()) if each.missed), None)


def _told_drift(drift: RawManifest | None) -> Iterator[str]:
    """Say what nights of changes had missed, a line each query."""
    if drift is None:
        return
    missed = {name: each for name, each in drift.missed.items() if each.told}
    for name, each in missed.items():
        yield (
            f"Drift: run {drift.run} read all rows, of which the nights of changes before it had missed, of {name},"
            f" {each.told}. They are right now; whatever writes them does not set {each.watermark}."
        )
    if not missed:
        yield f"Drift: none; run {drift.run} read all rows, and the nights of changes before it had missed nothing."


def _time(at: datetime | None, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}" if at else ""
