"""Tables that are still published although nothing builds them any more: their table file is gone."""

from collections.abc import Collection
from pathlib import Path

from config import Settings
from etl.core.call import call
from etl.core.clock import told
from etl.core.job import Job
from etl.core.log import log
from etl.load.warehouse import Published, Warehouse


def leftovers(warehouse: Warehouse, built: Collection[str]) -> list[Published]:
    """List what is published and still there besides the tables that are built."""
    others = [row for row in warehouse.published() if row.table not in built]
    there = warehouse.existing([row.table for row in others]) if others else ()
    return [row for row in others if row.table in there]


def leftover_told(settings: Settings, row: Published, settings_file: Path | None) -> str:
    """Say in a sentence how old a leftover is, and what to do. settings_file: for the command that it names."""
    return (
        f"{row.table} is still published as of {told(row.as_of, settings.business_time_zone)}, but no night renews it:"
        f" it has no table file. Put {settings.tables_dir / row.table}.py back, or take the table"
        f" away: {call('-m etl drop', settings_file, row.table)}"
    )


def warn_of_leftovers(job: Job, warehouse: Warehouse, built: Collection[str]) -> None:
    """Tell of them in the log."""
    for row in leftovers(warehouse, built):
        log.warning("load: %s", leftover_told(job.settings, row, job.settings_file))
