"""Making published tables anew whose contracts changed, and taking tables away: by a load, and under its lock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import config
from etl import load, transform
from etl.company.tables import contracts
from etl.core import log
from etl.core.call import call
from etl.core.errors import UsageError
from etl.core.fingerprint import fingerprint
from etl.core.job import Job
from etl.core.lock import held
from etl.core.names import guess
from etl.core.runs import Store
from etl.guards.owner import check_warehouse
from etl.guards.refusal import check_accept
from etl.load.open import open_warehouse
from etl.published import ask


def refill(
    settings_file: Path, tables: tuple[str, ...], accept: tuple[str, ...], *, dry_run: bool, refresh: bool
) -> None:
    """Publish the newest star, and let these tables be made anew; build it first, if the table files are newer."""
    with working(settings_file, "etl refill", accept) as job:
        known = contracts(job.settings.tables_dir)
        for name in tables:
            if name not in known:
                raise UsageError(f"There is no table file {name}.py.", guess(name, known, _gone(job, name)))
        job = replace(job, dry_run=dry_run, refresh=refresh)
        star = job.store.star.newest("TablesTransformMain.py")
        if star.code != fingerprint(job.settings.tables_dir):
            log.log.info("refill: the table files have changed since star %s was built", star.run)
            transform.run(job, ask)
        load.run(replace(job, refill=tables))


def drop(settings_file: Path, table: str) -> None:
    """Take a published table away that has no table file any more."""
    with working(settings_file, "etl drop", ()) as job:
        known = contracts(job.settings.tables_dir)
        if table in known:
            raise UsageError(
                f"{table} has a table file, so that the next load would publish it again.",
                f"Remove {table}.py from {job.settings.tables_dir} first, and run TablesTransformMain.py.",
            )
        with open_warehouse(job.settings) as warehouse:
            head, published = warehouse.head(), warehouse.published()
            names = [row.table for row in published]
            if table not in names:
                left = [name for name in names if name not in known]
                choose = (
                    f"Choose: {', '.join(left)}." if left else "Each published table has its table file: none is left."
                )
                raise UsageError(f"No table {table} was published.", guess(table, left, choose))
            check_warehouse(job, "LoadFilesBQ.py", head.run, head.origin, [(r.star_run, r.as_of) for r in published])
            kept = warehouse.drop(job.run, table, head)
        where = f"; what it held is kept for a week as {kept}" if kept else ", which somebody had dropped already"
        print(f"{table} is no longer published{where}.")


def _gone(job: Job, name: str) -> str:
    return f"If its file is gone on purpose, take the table away: {call('-m etl drop', job.settings_file, name)}"


@contextmanager
def working(settings_file: Path, name: str, accept: tuple[str, ...]) -> Iterator[Job]:
    """Give the work of a command that writes, while it keeps others out."""
    settings = config.load(settings_file)
    check_accept(settings, accept)
    log.set_up(settings.log_level)
    store = Store.of(settings)
    with held(store.local, name, store.folder):
        store.check_version()
        yield Job(settings, store, store.new_run(), accept=accept, settings_file=settings_file)
