"""Commands that hints tell a person to run: complete, with the settings file that this run was called with."""

import re
from pathlib import Path
from shlex import quote

from config.paths import SAMPLE_SETTINGS

PYTHON = ".venv/bin/python"

_COMMAND = re.compile(
    r"(?<![\w/.-])(?P<python>(\.venv/bin/)?python )?"
    r"(?P<program>-m (etl \w+|powerbi)|(\./)?(nightly\.sh|(SQLDownloadMain|TablesTransformMain|LoadFilesBQ)\.py))"
    r"(?! --env)(?![\w/])"
)


def call(program: str, settings_file: Path | None, *arguments: str) -> str:
    """Return a command line for a shell. program: a script, or `-m etl sql`; arguments: quoted where they need it.

    >>> call("LoadFilesBQ.py", Path("prod.env"), "--only", "dim client")
    ".venv/bin/python LoadFilesBQ.py --env prod.env --only 'dim client'"
    """
    start = program if program.startswith("./") else f"{PYTHON} {program}"
    env = "" if settings_file in (None, SAMPLE_SETTINGS) else f" --env {quote(str(settings_file))}"
    return " ".join([start + env, *map(quote, arguments)])


def completed(text: str, settings_file: Path | None) -> str:
    """Return a hint whose commands can be copied to a shell, and look at the company that this run was called for.

    >>> completed("Run LoadFilesBQ.py again.", Path("prod.env"))
    'Run ./LoadFilesBQ.py --env prod.env again.'
    """

    def complete(found: re.Match[str]) -> str:
        program = found["program"].removeprefix("./")
        return call(program if found["python"] or program.startswith("-m") else f"./{program}", settings_file)

    return _COMMAND.sub(complete, text)
