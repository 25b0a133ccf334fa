"""Commands that hints tell a person to run: complete, with the settings file that this run was called with."""

from pathlib import Path
from shlex import quote

from config.paths import SAMPLE_SETTINGS

PYTHON = ".venv/bin/python"


def call(program: str, settings_file: Path | None, *arguments: str) -> str:
    """Return a command line for a shell. program: a script, or `-m etl sql`; arguments: quoted where they need it.

    >>> call("LoadFilesBQ.py", Path("prod.env"), "--only", "dim client")
    ".venv/bin/python LoadFilesBQ.py --env prod.env --only 'dim client'"
    """
    start = program if program.startswith("./") else f"{PYTHON} {program}"
    env = "" if settings_file in (None, SAMPLE_SETTINGS) else f" --env {quote(str(settings_file))}"
    return " ".join([start + env, *map(quote, arguments)])
