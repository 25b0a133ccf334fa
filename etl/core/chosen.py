"""Which settings file a command means that names none: another company's figures are never shown for this one's."""

import os
import re
import sys
from pathlib import Path
from shlex import quote

from config.paths import IS_CLONE, ROOT, SAMPLE_SETTINGS
from etl.core.errors import UsageError

VARIABLE = "ETL_ENV"
"""The variable of the environment that names the settings file where --env does not."""

_SETTINGS = re.compile(r"^\s*(?:export\s+)?WAREHOUSE\s*=", re.MULTILINE)


def chosen() -> Path:
    """Return what ETL_ENV names, else the one settings file of the folder that we are in; in the project, the sample's.

    `settings_file` in setup.sh goes by the same rule. Raises UsageError where it cannot be told which company is meant.
    """
    if named := os.environ.get(VARIABLE):
        return Path(named)
    here = Path.cwd()
    found = [] if here == ROOT else settings_files(here)
    if len(found) == 1:
        return found[0]
    if found:
        name, path = quote(found[0].name), quote(str(found[0].absolute()))
        raise UsageError(
            f"Several companies' settings are here: {', '.join(file.name for file in found)}.",
            f"Name the one that you mean: --env {name}, or {VARIABLE}={path}",
        )
    if not here.is_relative_to(ROOT):
        raise UsageError(
            f"It is not said which company is meant: no settings file is in {here}, nor named by --env or {VARIABLE}.",
            "Add --env and its settings file"
            + (f"; that of the sample company is {SAMPLE_SETTINGS}" if IS_CLONE else ""),
        )
    print(_sample(settings_files(ROOT)), file=sys.stderr)
    return SAMPLE_SETTINGS


def settings_files(folder: Path) -> list[Path]:
    """List the settings files of a folder; one that may not be read is taken for one."""
    return [file for file in sorted(folder.glob("*.env")) if file.is_file() and _has_settings(file)]


def _has_settings(file: Path) -> bool:
    try:
        return _SETTINGS.search(file.read_text(encoding="utf-8-sig", errors="replace")) is not None
    except OSError:
        return True


def _sample(others: list[Path]) -> str:
    said = "This is the sample company"
    if others:
        names = ", ".join(file.name for file in others)
        return f"{said}, not that of {names}: add --env {quote(others[0].name)} for that."
    return f"{said}: neither --env nor {VARIABLE} names a settings file."
