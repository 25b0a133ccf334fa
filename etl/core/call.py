"""Commands that hints tell a person to run: complete, with the settings file that this run was called with."""

import os
import re
import sys
from pathlib import Path
from shlex import quote

from config.paths import IS_CLONE, ROOT, SAMPLE_SETTINGS
from etl.core.chosen import VARIABLE, settings_files

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
    if program.startswith("-m ") and settings_file and _has_launcher(settings_file):
        return " ".join([f"./etl {program.removeprefix('-m ').removeprefix('etl ')}", *map(quote, arguments)])
    start = _start(program) if IS_CLONE else _installed(program)
    env = "" if settings_file in (None, SAMPLE_SETTINGS) else f" --env {quote(str(settings_file))}"
    return " ".join([start + env, *map(quote, arguments)])


def _has_launcher(settings_file: Path) -> bool:
    """Whether we are in the folder of a company that `./etl` is about, as `etl init` made it."""
    here = Path.cwd()
    if here == ROOT or not (here / "etl").is_file():
        return False
    named = os.environ.get(VARIABLE)
    meant = [Path(named)] if named else settings_files(here)
    return [file.absolute() for file in meant] == [settings_file.absolute()]


def program_of_commands() -> str:
    """Return how a person here calls the commands: `./etl` in a company's folder."""
    here = Path.cwd()
    if not IS_CLONE:
        return "etl"
    if here == ROOT:
        return "python -m etl"
    return "./etl" if (here / "etl").is_file() else quote(str(ROOT / "etl.sh"))


def set_up(settings_file: Path) -> str:
    """Return the command line that installs what a company's requirements.txt names."""
    if IS_CLONE:
        return f"{quote(str(ROOT / 'setup.sh'))} --env {quote(str(settings_file))}"
    pip = Path(sys.prefix) / "bin" / "pip"
    return f"{quote(str(pip))} install -r {quote(str(settings_file.with_name('requirements.txt')))}"


def _start(program: str) -> str:
    """Return how a program is called in the project's folder, and from elsewhere by its path."""
    if Path.cwd() == ROOT:
        return program if program.startswith("./") else f"{PYTHON} {program}"
    name = program.removeprefix("./").removeprefix("-m etl ").removeprefix("-m ")  # powerbi is a command, too
    if name.endswith((".py", ".sh")):
        return quote(str(ROOT / name))
    return f"{quote(str(ROOT / 'etl.sh'))} {name}"


def _installed(program: str) -> str:
    """Return how what a clone has is called where the engine was installed: there, `etl` is a command."""
    name = program.removeprefix("./").removesuffix(".py")
    if name == "nightly.sh":
        return "etl night"
    return (
        name.removeprefix("-m ")
        if name.startswith("-m etl ")
        else f"{quote(sys.executable)} -m {name.removeprefix('-m ')}"
    )


def completed(text: str, settings_file: Path | None) -> str:
    """Return a hint whose commands can be copied to a shell, and look at the company that this run was called for.

    >>> completed("Run LoadFilesBQ.py again.", Path("prod.env"))
    'Run ./LoadFilesBQ.py --env prod.env again.'
    """

    def complete(found: re.Match[str]) -> str:
        program = found["program"].removeprefix("./")
        return call(program if found["python"] or program.startswith("-m") else f"./{program}", settings_file)

    return _COMMAND.sub(complete, text)
