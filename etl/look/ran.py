"""What nights did, stage by stage: from their manifests, and from the records that outlive these."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from etl.core import nights
from etl.core.counted import counted
from etl.core.errors import EtlError, RefreshError
from etl.core.manifest import LoadedManifest, Manifest
from etl.core.nights import NightRecord, StageRecord
from etl.core.runs import SCRIPTS, Runs, Store
from etl.core.safe_text import safe

_NOT_REFRESHED = f"the refresh failed (exit {RefreshError.exit_code})"
_UNCOMMITTED = {0: "nothing to do", 3: "a guard refused (exit 3)", 4: _NOT_REFRESHED, 130: "interrupted"}


@dataclass(frozen=True)
class Stage:
    """One stage that ran. seconds, rows, rejected: None where they are not known."""

    stage: str
    began: datetime | None
    seconds: float | None
    rows: int | None
    rejected: int | None
    outcome: str


@dataclass(frozen=True)
class Night:
    """A night, or a run of stages by hand: these have no record, and no `began`.

    exit_code: None while it is under way, where it was killed, and by hand; over: whether a later night made up for it.
    """

    run: str
    began: datetime | None
    ended: datetime | None
    exit_code: int | None
    said: str
    over: bool
    stages: tuple[Stage, ...]


def newest_nights(store: Store, count: int) -> list[Night]:
    """Return the last `count` nights, the newest last."""
    records = {record.run: record for record in nights.records(store.local)}
    published = store.loaded.committed()
    runs = sorted({run for stage in store.stages for run in stage.committed()} | set(records))
    return [_night(run, store.stages, records, published) for run in runs[-count:]]


def _night(run: str, stages: Sequence[Runs[Any]], records: dict[str, NightRecord], published: Sequence[str]) -> Night:
    record = records.get(run)
    ran = tuple(_stages(run, stages, record))
    if record is None:
        return Night(run, None, None, None, "", False, ran)
    said = record.said if record.exit_code else ""
    over = _is_over(record, records, published)
    return Night(run, record.started, record.ended, record.exit_code, said, over, ran)


def _stages(run: str, stages: Sequence[Runs[Any]], record: NightRecord | None) -> list[Stage]:
    began = {stage.script: stage for stage in record.stages} if record else {}
    found = []
    for stage, script in zip(stages, SCRIPTS, strict=True):
        tried, manifest = began.get(script), _manifest(stage, run)
        if manifest is not None or tried is not None:
            found.append(_stage(script, manifest, tried))
    return found


def _stage(script: str, manifest: Manifest[Any] | str | None, tried: StageRecord | None) -> Stage:
    began = tried.started if tried else None
    if isinstance(manifest, Manifest):
        return Stage(script, began, manifest.seconds, *counted(manifest), _outcome(manifest, tried))
    if tried is None:
        return Stage(script, began, None, None, None, _outcome(manifest, tried))
    return Stage(script, began, tried.seconds, tried.rows, tried.rejected, _outcome(manifest, tried))


def _manifest(stage: Runs[Any], run: str) -> Manifest[Any] | str | None:
    """Read a run's manifest; a text where it is damaged, None where the stage committed none, or it is kept no more."""
    if run not in stage.committed():
        return None
    try:
        manifest: Manifest[Any] = stage.read(run)
        return manifest
    except EtlError as error:
        return error.message


def _outcome(manifest: Manifest[Any] | str | None, tried: StageRecord | None) -> str:
    if isinstance(manifest, str):
        return safe(manifest)
    code = tried.exit_code if tried else 0
    if manifest is None:
        return (
            "done; no longer kept"
            if tried and tried.rows is not None
            else _UNCOMMITTED.get(code, f"failed (exit {code})")
        )
    done = f"published; {_NOT_REFRESHED}" if code == RefreshError.exit_code else "done"
    done = "restored" if manifest.restored else done
    accepted = [f"accepted {name}" for name in manifest.accepted]
    altered = [f"changed by hand: {name}" for name in manifest.altered] if isinstance(manifest, LoadedManifest) else []
    return ", ".join([done, *accepted, *altered])


def _is_over(record: NightRecord, records: dict[str, NightRecord], published: Sequence[str]) -> bool:
    """Whether a later run was published; after a failed refresh, one whose own refresh did not fail."""
    later = [run for run in published if run > record.run]
    if record.exit_code != RefreshError.exit_code:
        return bool(later)
    return any(run not in records or records[run].exit_code == 0 for run in later)
