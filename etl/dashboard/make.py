"""Making the dashboard's file: of the published tables, or of the newest star."""

from pathlib import Path

import config
from config import Settings
from etl.contract.catalogue import contracts
from etl.core.errors import EtlError, UsageError
from etl.core.log import log
from etl.core.runs import Store
from etl.dashboard.answers import picture
from etl.dashboard.html import html
from etl.dashboard.picture import Picture
from etl.load.etl_runs import ETL_RUNS
from etl.load.open import open_warehouse
from etl.report import star
from etl.report.catalogue import read_report


def has_report(settings: Settings) -> bool:
    """Whether the company has a report."""
    return (settings.report_folder / "pages").is_dir()


def show(settings_file: Path, target: Path | None, *, from_star: bool) -> None:
    """Write the dashboard for a person, and say where it is."""
    settings = config.load(settings_file)
    path = target or settings.dashboard_file
    write(settings, path, from_star=from_star)
    print(path)


def renew(settings: Settings) -> None:
    """Write the dashboard at the end of a night, if the company has a report. That it fails never fails the night."""
    if not has_report(settings):
        return
    try:
        write(settings, settings.dashboard_file)
    except (EtlError, OSError) as error:
        log.warning("the dashboard could not be written, and stays as it was: %s", error)


def write(settings: Settings, target: Path, *, from_star: bool = False) -> None:
    """Write the dashboard in place of an older one, whole or not at all.

    from_star: of the newest star, although that may not be published. Raises UsageError where there is no report.
    """
    if not has_report(settings):
        raise UsageError(
            f"There is no report in {settings.report_folder}.", "Name the folder of measures/ and pages/ in REPORT_DIR."
        )
    drawn = html(_picture(settings, from_star=from_star))
    beside = target.with_name(f".{target.name}")
    beside.write_text(drawn, encoding="utf-8")
    beside.replace(target)


def _picture(settings: Settings, *, from_star: bool) -> Picture:
    report, of_star = read_report(settings.report_folder), contracts(settings.tables_dir)
    every = of_star | {ETL_RUNS.name: ETL_RUNS}
    if from_star:
        store = Store.of(settings)
        newest = store.star.newest("TablesTransformMain.py")
        with star.opened(store, newest, list(of_star.values())) as read:
            return picture(report, every, read, f"From the star {newest.run}, published or not.")
    with open_warehouse(settings) as warehouse:
        return picture(report, every, warehouse.read, "From the published tables.")
