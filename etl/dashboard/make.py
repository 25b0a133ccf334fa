"""Making the dashboard's file: of the published tables, or of the newest star."""

from pathlib import Path

import config
from config import Settings
from etl.contract.catalogue import contracts
from etl.core import log
from etl.core.errors import UsageError
from etl.core.lock import held
from etl.core.runs import Store
from etl.core.whole import write_whole
from etl.dashboard.answers import picture
from etl.dashboard.html import html
from etl.dashboard.picture import Picture
from etl.load.etl_runs import ETL_RUNS
from etl.load.open import open_warehouse
from etl.report import star
from etl.report.catalogue import read_report


def show(settings_file: Path, target: Path | None, *, from_star: bool) -> None:
    """Write the dashboard, and say where it is; nobody publishes meanwhile.

    from_star: of the newest star, although that may not be published. Raises UsageError where there is no report.
    """
    settings = config.load(settings_file)
    if not settings.has_report:
        raise UsageError(
            f"There is no report in {settings.report_folder}.", "Name the folder of measures/ and pages/ in REPORT_DIR."
        )
    log.set_up(settings.log_level)
    store = Store.of(settings)
    with held(store.local, "python -m etl dashboard", store.folder):
        store.check_version()
        drawn = html(_picture(settings, store, from_star=from_star))
    path = target or settings.dashboard_file
    write_whole(path, drawn)
    print(path)


def _picture(settings: Settings, store: Store, *, from_star: bool) -> Picture:
    report, of_star = read_report(settings.report_folder), contracts(settings.tables_dir)
    every = of_star | {ETL_RUNS.name: ETL_RUNS}
    if from_star:
        newest = store.star.newest("TablesTransformMain.py")
        with star.opened(store, newest, list(of_star.values())) as read:
            return picture(report, every, read, f"From the star {newest.run}, published or not.")
    with open_warehouse(settings) as warehouse:
        return picture(report, every, warehouse.read, "From the published tables.")
