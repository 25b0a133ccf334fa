"""Making the dashboard's file: of the published tables, or of the newest star."""

from dataclasses import replace
from pathlib import Path

import config
from config import Settings
from etl.company.report import read_report
from etl.core import log
from etl.core.errors import UsageError, joined
from etl.core.lock import held
from etl.core.runs import Store
from etl.core.whole import write_whole
from etl.dashboard.delivery import handed_on, told
from etl.dashboard.drawing import picture
from etl.dashboard.html import html
from etl.dashboard.picture import Picture
from etl.docs.anchors import dictionary_beside
from etl.load.etl_runs import ETL_RUNS, published_contracts
from etl.report import star
from etl.report.published import PublishedMeanwhileError, opened_as_published

_TIMES = 3
"""Nights that may be published while the dashboard is made."""


def show(settings_file: Path, target: Path | None, *, from_star: bool, hand_on: bool = False) -> None:
    """Write the dashboard, and say where it is. Raises UsageError where there is no report, or no such place.

    from_star: of the newest star, although that may not be published; it has a file of its own. hand_on: copy and mail
    it, as nights do.
    """
    settings = config.load(settings_file)
    if hand_on and (from_star or target):
        raise UsageError("--hand-on is for the dashboard of what is published.", "Leave --output and --from-star out.")
    if hand_on and not (settings.dashboard_copy_to or settings.dashboard_mail_to):
        raise UsageError(
            "--hand-on hands nothing on: neither DASHBOARD_COPY_TO nor DASHBOARD_MAIL_TO is set.",
            f"Set one of them in {settings_file}, or leave --hand-on out.",
        )
    log.set_up(settings.log_level, settings.log_format)
    path = target or (_beside(settings.dashboard_file) if from_star else settings.dashboard_file)
    if target:
        _check_place(target)
    drawn = html(_of_star(settings) if from_star else _of_tables(settings), dictionary_beside(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path.resolve(), drawn, shared=target is not None)
    print(path)
    if hand_on and (faults := handed_on(settings)):
        error = joined(sorted(faults, key=lambda fault: not isinstance(fault, UsageError)))
        message = told(faults)
        raise type(error)(message[0].upper() + message[1:], error.hint, transient=error.transient)


def _beside(file: Path) -> Path:
    return file.with_name(f"{file.stem}-unpublished{file.suffix}")


def _check_place(target: Path) -> None:
    """Refuse what is no place for a file: a device, a folder, or a folder that is not there."""
    if target.exists() and not target.is_file():
        raise UsageError(
            f"{target} cannot be overwritten: it is not a regular file.", "Name another one with --output."
        )
    if not target.parent.is_dir() or not target.name:
        raise UsageError(f"There is no folder {target.parent} for the dashboard.", "Make it, or name another --output.")


def _of_tables(settings: Settings) -> Picture:
    """Ask what is published; again, where a night was published meanwhile: nothing is to be of two nights."""
    report, every = read_report(settings.report_folder), published_contracts(settings.tables_dir)
    for left in reversed(range(_TIMES)):
        try:
            with opened_as_published(settings) as (read, source):
                drawn = picture(report, every, read, source)
        except PublishedMeanwhileError:
            if not left:
                raise
        else:
            break
    return drawn


def _of_star(settings: Settings) -> Picture:
    report, every = read_report(settings.report_folder), published_contracts(settings.tables_dir)
    store = Store.of(settings)
    with held(store.local, "python -m etl dashboard", store.folder):
        store.check_version()
        newest = store.star.newest("TablesTransformMain.py")
        with star.opened(store, newest, [each for each in every.values() if each is not ETL_RUNS]) as read:
            drawn = picture(report, every, read, f"From the star {newest.run}.")
    return replace(drawn, is_published=False)
