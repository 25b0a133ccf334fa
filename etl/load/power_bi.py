"""The Power BI dataset after a publish: it is refreshed once for each published run, and whoever asks is told.

A note in the data folder says for which run that was done. So a refresh that failed, or was killed, or was left out, is
made up for by the next load, also where there is nothing new to publish.
"""

from datetime import UTC, datetime

from pydantic import ValidationError

from config import Settings
from etl.core.errors import EtlError, RefreshError
from etl.core.job import Job
from etl.core.log import log
from etl.core.manifest import LoadedManifest
from etl.core.record import Record
from etl.core.runs import Store
from etl.core.whole import write_whole
from etl.refresh.target import Target, account_of, target_of


class Refreshed(Record):
    """The note: for which published run which dataset was refreshed, and when that had ended (UTC)."""

    run: str
    dataset: str
    at: datetime


def refresh(job: Job, *, published: bool) -> None:
    """Refresh the dataset of the settings, if there is one and it does not show what is published.

    published: whether this job has published something, or would have. Raises RefreshError.
    """
    target = target_of(job.settings)
    if target is None:
        if published and account_of(job.settings):
            log.warning("refresh: POWERBI_DATASET is not set, so no Power BI dataset is refreshed.")
        return
    newest = _newest(job.store)
    due = published or (newest is not None and not _shows(job.store, target, newest))
    if not due or (newest is None and not job.dry_run):
        return
    if not job.refresh:
        log.info("refresh: left out (--no-refresh): the Power BI dataset keeps what it has.")
    elif job.dry_run:
        print(f"would refresh the Power BI dataset {target.dataset}")
    elif newest:
        _refresh(job.store, target, newest)


def told(settings: Settings, store: Store) -> str:
    """Return whether the dataset shows what is published; nothing where none is named, or nothing published."""
    target, newest = target_of(settings), _newest(store)
    if target is None or newest is None:
        return ""
    note = _note(store)
    if note and _shows(store, target, newest):
        return f"Power BI: the dataset was refreshed after that, at {note.at:%Y-%m-%d %H:%M:%S} UTC."
    return "Power BI: the dataset was not refreshed after that; LoadFilesBQ.py does it."


def _refresh(store: Store, target: Target, newest: LoadedManifest) -> None:
    from etl.refresh import follow

    log.info("refresh: asking Power BI for dataset %s.", target.dataset)
    try:
        seconds = follow.refresh(target)
    except RefreshError as error:
        raise RefreshError(
            f"The refresh of the Power BI dataset failed: {error.message}"
            f" Star {newest.made_from} stays published, as of {newest.as_of:%Y-%m-%d %H:%M:%S} UTC.",
            f"{error.hint} Then run LoadFilesBQ.py again: it makes up for the refresh.".strip(),
        ) from None
    log.info("refresh: the Power BI dataset shows star %s, after %.1f s.", newest.made_from, seconds)
    _keep(store, Refreshed(run=newest.run, dataset=_name(target), at=datetime.now(UTC)))


def _newest(store: Store) -> LoadedManifest | None:
    try:
        return store.loaded.newest("LoadFilesBQ.py")
    except EtlError:
        return None


def _shows(store: Store, target: Target, newest: LoadedManifest) -> bool:
    note = _note(store)
    return note is not None and (note.run, note.dataset) == (newest.run, _name(target))


def _name(target: Target) -> str:
    return f"{target.workspace}/{target.dataset}"


def _note(store: Store) -> Refreshed | None:
    try:
        return Refreshed.model_validate_json((store.local / "refreshed.json").read_bytes())
    except (OSError, ValidationError):
        return None


def _keep(store: Store, note: Refreshed) -> None:
    try:
        write_whole(store.local / "refreshed.json", note.model_dump_json(indent=1) + "\n")
    except OSError as error:
        log.warning("refresh: it could not be recorded; the next load will refresh again: %s", error.strerror)
