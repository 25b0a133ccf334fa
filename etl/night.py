"""The night: the three scripts in order under one lock, and the short table at its end."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from shlex import quote

from rich.console import Console
from rich.table import Table

import config
from config import Settings
from config.paths import ROOT, SAMPLE_SETTINGS
from etl.core import log
from etl.core.lock import NIGHT, held
from etl.core.runs import Store
from etl.load.open import open_warehouse

_PATIENCE = 30
"""Seconds that a stage has to end itself when the night is interrupted."""

STAGES = ("SQLDownloadMain.py", "TablesTransformMain.py", "LoadFilesBQ.py")


def run_night(settings_file: Path) -> int:
    """Run the stages until one fails; gives its exit code, or 0."""
    settings = config.load(settings_file)
    log.set_up(settings.log_level)
    store = Store(settings.data_dir)
    with held(settings.data_dir, "the night"):
        run = store.new_run()
        for stage in STAGES:
            if code := _run_stage(stage, settings_file, run):
                return code
        _summarize(settings, settings_file, store, run)
    return 0


def _run_stage(stage: str, settings_file: Path, run: str) -> int:
    """Run one script as a process of its own, so that its memory is the machine's again when it ends."""
    log.log.info("night %s: %s", run, stage)
    environment = os.environ | {NIGHT: f"{run}:{os.getpid()}"}
    command = [sys.executable, str(ROOT / stage), "--env", str(settings_file)]
    # It inherits the lock; in a group of its own it hears of Ctrl-C through us, once.
    child = subprocess.Popen(command, env=environment, close_fds=False, process_group=0)
    try:
        return _exit_code(child.wait())
    except KeyboardInterrupt:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        raise


def _exit_code(returned: int) -> int:
    """Turn a death by signal into a failure that shells understand."""
    return 128 - returned if returned < 0 else returned


def _summarize(settings: Settings, settings_file: Path, store: Store, run: str) -> None:
    star = store.star.read(run)
    table = Table(
        "table", "rows", "rejected", "set aside", "seconds", title=f"Published as of {star.as_of:%Y-%m-%d %H:%M:%S} UTC"
    )
    for column in table.columns[1:]:
        column.justify = "right"
    for name, built in star.tables.items():
        numbers = (built.rows, sum(built.rejected.values()), sum(built.set_aside.values()))
        table.add_row(name, *(f"{number:,}" for number in numbers), f"{built.seconds:.1f}")
    console = Console(markup=False, highlight=False)
    console.print(table)
    console.print(f"Raw files, star, rejects and receipts: {settings.data_dir}", soft_wrap=True)
    with open_warehouse(settings) as warehouse:
        console.print(warehouse.describe(), soft_wrap=True)
    option = "" if settings_file == SAMPLE_SETTINGS else f" --env {quote(str(settings_file))}"
    query = "SELECT table_name, as_of, row_count FROM etl_runs ORDER BY published_at"
    console.print(f'Or from here: .venv/bin/python -m etl sql{option} "{query}"', soft_wrap=True)
