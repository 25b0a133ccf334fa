"""Processes that end with their parent: a worker with its stage, a stage with its night."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

from config.paths import ROOT
from etl.core.lock import NIGHT_VARIABLE

STAGE_THAT_DIES = """
import os, signal
from etl.core.workers import worker_pool
if __name__ == "__main__":
    with worker_pool(2) as executor:
        executor.submit(print)
        os.kill(os.getpid(), signal.SIGKILL)  # before the worker has asked the kernel for anything
"""

STAGE_WHOSE_IDLE_WORKER_DIES = """
import multiprocessing, os, pathlib, signal, time
from etl.core.workers import worker_pool
if __name__ == "__main__":
    with worker_pool(2) as executor:
        list(executor.map(time.sleep, [0.5, 0.5]))
        workers = multiprocessing.active_children()
        assert len(workers) == 2
        reading = []
        while not reading:  # one waits for work, the other for the lock of the queue
            reading = [w.pid for w in workers if "pipe" in pathlib.Path(f"/proc/{w.pid}/wchan").read_text()]
        os.kill(reading[0], signal.SIGKILL)
"""

STAGE = """
import sys
from etl.core.cli import script
def stage(job):
    print("at work", flush=True)
    sys.stdin.read()
sys.exit(script(stage, "stage", "", ""))
"""

NIGHT_OF_A_STAGE = f"""
import os, subprocess, sys
environment = os.environ | {{{NIGHT_VARIABLE!r}: f"20300131T023000Z:{{os.getpid()}}"}}
subprocess.run([sys.executable, *sys.argv[1:]], env=environment)
"""


def test_a_worker_whose_stage_died_while_it_was_starting_ends(tmp_path: Path) -> None:
    """It would wait for work for ever: all that it has open is closed with it."""
    program = tmp_path / "stage.py"
    program.write_text(STAGE_THAT_DIES)
    ended = subprocess.run(
        [sys.executable, program],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL


def test_a_worker_that_is_killed_when_all_is_done_keeps_nobody_waiting(tmp_path: Path) -> None:
    """It takes the lock of the queue with it, on which the other one waits, and the stage waited for that one."""
    program = tmp_path / "stage.py"
    program.write_text(STAGE_WHOSE_IDLE_WORKER_DIES)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    ended = subprocess.run([sys.executable, program], env=environment, capture_output=True, timeout=30, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_a_stage_ends_with_its_night(tmp_path: Path) -> None:
    """Whoever looks after a killed night finds nothing at work."""
    stage = tmp_path / "stage.py"
    stage.write_text(STAGE)
    settings = tmp_path / "a.env"
    settings.write_text(f"WAREHOUSE=duckdb\nBUSINESS_TIME_ZONE=UTC\nDATA_DIR={tmp_path / 'data'}\n")
    with subprocess.Popen(
        [sys.executable, "-c", NIGHT_OF_A_STAGE, stage, "--env", settings],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as night:
        assert night.stdout is not None
        assert night.stdout.readline() == "at work\n"
        night.kill()
        assert select.select([night.stdout], [], [], 10)[0], "the stage still has its output open"
        assert night.stdout.read() == ""
