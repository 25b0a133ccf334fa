"""LoadFilesBQ.py as a process, and what it said."""

import os
import subprocess

from tests.transform.house import House


def load(house: House, *options: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run the script; settings of the environment win over the file's."""
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
