"""Worker processes: they answer, whatever the process that starts them has done before."""

import os
import subprocess
import sys

import pytest

from config.paths import ROOT

WRITES_IN_A_WORKER = """
import sys
import pyarrow as pa
from etl.core import arrow_csv
from etl.core.workers import worker_pool

if __name__ == "__main__":
    table = pa.table({"n": [1, 2]})
    if "first" in sys.argv:
        arrow_csv.write(table)
    with worker_pool(1) as executor:
        print(executor.submit(arrow_csv.write, table).result().decode())
"""


def written(*arguments: str) -> str:
    """Let a process write CSV in a worker."""
    done = subprocess.run(
        [sys.executable, "-c", WRITES_IN_A_WORKER, *arguments],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


def test_a_worker_of_a_process_that_has_written_csv_does_not_wait_for_ever() -> None:
    """What writes CSV has threads of its own, which a fork has not: such a worker begins afresh."""
    assert written() == written("first") == "n\n1\n2\n\n"


THREADS_OF_THE_STAGE = """
from etl.core.memory import give_back

give_back()
from pathlib import Path
from etl.company.tables import read_tables
from etl.core import workers
from etl.transform import stage

read_tables(Path("tables"))
print([Path(f"/proc/self/task/{task.name}/comm").read_text() for task in Path("/proc/self/task").iterdir()])
assert workers._threads() == 1
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the threads of libraries are counted on Linux alone")
def test_stage_2_has_no_thread_when_its_workers_are_forked() -> None:
    """Neither by what it imports nor by the table files: with one, workers would begin afresh, which takes seconds."""
    subprocess.run([sys.executable, "-c", THREADS_OF_THE_STAGE], cwd=ROOT, check=True, timeout=60)
