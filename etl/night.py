"""The night: the three scripts in order under one lock, its log and record, and the notices about it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import config
from config import Settings
from config.paths import ROOT
from etl import notices
from etl.core import log, nights
from etl.core.counted import counted
from etl.core.errors import DataError, EtlError, RefreshError
from etl.core.interruptions import put_off
from etl.core.lock import NIGHT_VARIABLE, held
from etl.core.nights import NightRecord, StageRecord
from etl.core.orphan import end_with
from etl.core.runs import SCRIPTS, Runs, Store
from etl.dashboard.delivery import handed_on, told
from etl.due import last_due, published_between, time_of_day

_PATIENCE = 30
"""Seconds that a stage has to end itself when the night is interrupted."""

_LONGEST_DRAWING = 900
"""Seconds that the dashboard may take."""

_TAIL = 10_000
"""Characters of the log's end that the heartbeat is told when the night failed."""

STALE_VARIABLE = "ETL_STALE"
"""The variable in which setup.sh says that the environment is out of date, and used as it is."""


def run_night(
    settings_file: Path,
    accept: tuple[str, ...] = (),
    due: str | None = None,
    *,
    full: bool = False,
    since: date | None = None,
) -> int:
    """Run the stages until one fails; gives its exit code, or 0: with 4, all is published, but Power BI not refreshed.

    accept: what is handed to every stage's --accept; due: HH:MM, to run only if no night was published since then.
    full, since: how much stage 1 extracts, as in `Job`.
    """
    at = None if due is None else time_of_day(due)
    settings = config.load(settings_file)
    if accept:  # what judges it takes 60 MB, which would stand beside each stage's: so does what is told at the end
        from etl.guards.refusal import check_accept

        check_accept(settings, accept)
    log.set_up(settings.log_level, settings.log_format)
    night = None
    try:
        store = Store.of(settings)
        with held(store.local, "the night", store.folder):
            store.check_version()
            now = datetime.now(UTC)
            if at and (run := published_between(store, last_due(now, at, None), now)):
                print(f"No night is due: {run} was published after the last {due}.")
                return 0
            night = _Night(settings, settings_file, store, accept, _extent(full=full, since=since))
            return night.run()
    except EtlError as error:
        if night is None:
            notices.people(settings, f"Tonight's night did not start: {error.message}")
        raise


class _Night:
    """One night under way: it keeps its record up to date, and tells how it ended."""

    def __init__(
        self, settings: Settings, settings_file: Path, store: Store, accept: tuple[str, ...], extent: list[str]
    ) -> None:
        self._extent = extent
        self._settings, self._file, self._store, self._accept = settings, settings_file, store, accept
        self._began = time.monotonic()
        self._undrawn = ""
        self._record = NightRecord(run=store.new_run(), started=datetime.now(UTC))
        self._log = nights.records_folder(store.local) / f"{self._record.run}.log"
        self._keep()

    def run(self) -> int:
        """Run the stages."""
        os.environ[log.FORMAT] = self._settings.log_format  # for the stages too, from their first line on
        log.to_file(self._log)
        log.set_up(self._settings.log_level, self._settings.log_format)
        if stale := os.environ.get(STALE_VARIABLE):
            log.filed.warning("%s", stale)
        notices.heartbeat(self._settings.heartbeat_url, "start")
        code = 130  # unless it comes to its end
        try:
            code = self._stages()
            if code in (0, RefreshError.exit_code):
                self._show()
        except EtlError as error:
            log.filed.error("Error: %s", error.message)
            code = error.exit_code
            raise
        finally:
            self._tell(code)
            log.end_file()
        if code in (0, RefreshError.exit_code):
            from etl.summary import show

            show(self._settings, self._file, self._store, self._record)
        return code

    def _stages(self) -> int:
        for script in SCRIPTS:
            began, started = time.monotonic(), datetime.now(UTC)
            with self._noted(script, started, began) as ended:
                code = ended[0] = self._run_stage(script)
            if code:
                return code
        return 0

    def _show(self) -> None:
        """Write the dashboard, and hand it on; what goes wrong is told, and never fails the night."""
        if why := self._draw():
            log.log.warning("the dashboard could not be written, and stays as it was: %s", why)
            self._undrawn = f"the dashboard stays as it was: {why}"
        elif self._settings.has_report and (faults := handed_on(self._settings)):
            self._undrawn = told(faults)
            log.log.warning("%s", self._undrawn)

    def _draw(self) -> str:
        """Write the dashboard, if there is a report; gives what went wrong, which never fails the night."""
        if not self._settings.has_report:
            return ""
        command = [sys.executable, "-m", "etl", "dashboard", "--env", str(self._file.absolute())]
        try:
            done = subprocess.run(
                command,
                cwd=ROOT,
                env=os.environ | {"PYTHONIOENCODING": "utf-8"},
                preexec_fn=partial(end_with, os.getpid()),  # before it can overwrite anything
                capture_output=True,
                encoding="utf-8",
                check=False,
                timeout=_LONGEST_DRAWING,
            )
        except subprocess.TimeoutExpired:
            return f"it took longer than {_LONGEST_DRAWING} s"
        errors = [line.removeprefix("Error: ") for line in done.stderr.splitlines() if line.startswith("Error: ")]
        return (errors or [f"it exited with {done.returncode}"])[-1] if done.returncode else ""

    @contextmanager
    def _noted(self, script: str, started: datetime, began: float) -> Iterator[list[int]]:
        """Note in the record how a stage ended, be it by an interruption."""
        ended = [130]
        try:
            yield ended
        finally:
            seconds = round(time.monotonic() - began, 3)
            rows, rejected = self._committed(script)
            stage = StageRecord(
                script=script, started=started, seconds=seconds, exit_code=ended[0], rows=rows, rejected=rejected
            )
            self._keep(stages=(*self._record.stages, stage))

    def _committed(self, script: str) -> tuple[int | None, int | None]:
        """Return the rows that a stage committed in this night, and rejected."""
        stage: Runs[Any] = dict(zip(SCRIPTS, self._store.stages, strict=True))[script]
        with suppress(EtlError, OSError):
            if self._record.run in stage.committed():
                return counted(stage.read(self._record.run))
        return None, None

    def _run_stage(self, script: str) -> int:
        """Run one script as a process of its own, so that its memory is the machine's again when it ends."""
        log.log.info("night %s: %s", self._record.run, script)
        environment = os.environ | {NIGHT_VARIABLE: f"{self._record.run}:{os.getpid()}", log.FILE: str(self._log)}
        command = [sys.executable, str(ROOT / script), "--env", str(self._file)]
        if self._accept:
            command += ["--accept", *self._accept]
        if script == SCRIPTS[0]:
            command += self._extent
        # It inherits the lock; in a group of its own it hears of Ctrl-C through us, once.
        child: subprocess.Popen[bytes] | None = None
        try:
            with put_off():
                child = subprocess.Popen(command, env=environment, close_fds=False, process_group=0)
            return _exit_code(child.wait())
        except KeyboardInterrupt:
            if child:
                _end(child)
            raise

    def _tell(self, code: int) -> None:
        """Write the log's last line and the record, and tell those who are not watching."""
        from etl.summary import last_line

        said = last_line(self._record, self._store, self._log, code, time.monotonic() - self._began)
        if self._undrawn:
            said += f"; {self._undrawn}"
        (log.log.error if code else log.log.info)("%s", said)
        self._keep(ended=datetime.now(UTC), exit_code=code, said=said)
        if code == 0:
            notices.heartbeat(self._settings.heartbeat_url, "", said)
            if self._undrawn:
                notices.people(self._settings, said)
            return
        text = self._log.read_text(encoding="utf-8", errors="replace") if self._log.exists() else said
        notices.heartbeat(self._settings.heartbeat_url, "fail", text[-_TAIL:])
        notices.people(self._settings, said)

    def _keep(self, **changes: object) -> None:
        self._record = self._record.model_copy(update=changes)
        try:
            nights.write(self._store.local, self._record, self._settings.keep_runs)
        except OSError as error:
            if not self._record.stages:
                raise DataError(
                    f"The night's record cannot be written in {self._store.local}: {error.strerror}.",
                    "Free disk space, or let this user write in that folder.",
                ) from None
            log.log.warning("the night's record cannot be written: %s", error.strerror)


def _extent(*, full: bool, since: date | None) -> list[str]:
    """Write the options of stage 1 that say how much it extracts."""
    return ["--full"] if full else ["--since", since.isoformat()] if since else []


def _end(child: subprocess.Popen[bytes]) -> None:
    """End a stage, in order as long as it hears."""
    child.send_signal(signal.SIGTERM)
    try:
        child.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _exit_code(returned: int) -> int:
    """Turn a death by signal into a failure that shells understand."""
    return 128 - returned if returned < 0 else returned
