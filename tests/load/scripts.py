"""LoadFilesBQ.py in this process or as one of its own, and what it said."""

import os
import subprocess

from etl.core.cli import script
from etl.load import run
from tests.called import called
from tests.transform.house import House


def load(house: House, *options: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run the script in this process; settings of the environment win over the file's."""
    _, *command = load_command(house, *options)
    return called(lambda: script(run, "LoadFilesBQ.py", "Stage 3.", "", publishes=True), command, **settings)


def load_process(house: House, *options: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run the script as a process of its own."""
    command, variables = load_command(house, *options), os.environ | settings
    return subprocess.run(command, env=variables, capture_output=True, text=True, check=False, timeout=90)


def load_command(house: House, *options: str) -> list[str]:
    """Give the script's command line."""
    return [part.replace("TablesTransformMain.py", "LoadFilesBQ.py") for part in house.command(*options)]


def told(done: subprocess.CompletedProcess[str]) -> tuple[int, str, str]:
    """Give exit code, sentence and advice, which are the last two lines."""
    error, advice = done.stderr.splitlines()[-2:]
    assert error.startswith("Error: ")
    assert advice.startswith("Try: ")
    assert "Traceback" not in done.stderr
    return done.returncode, error, advice
