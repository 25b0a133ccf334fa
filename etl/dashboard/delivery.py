"""Handing the dashboard on after a night: a copy where the settings say, and by mail to whom they name."""

from pathlib import Path

from config import Settings
from etl import notices
from etl.core.whole import write_whole

_TEXT = "The dashboard: open the attached file in any browser; it asks nothing of a network."
_READABLE = 0o644
"""The mode of a new copy, which is made for others; a person may change it, and it stays so."""


def handed_on(settings: Settings) -> list[str]:
    """Copy and send the dashboard; returns what went wrong, a sentence each, which goes on after "but"."""
    file = settings.dashboard_file
    faults = []
    if settings.dashboard_copy_to and (fault := _copied(file, settings.dashboard_copy_to)):
        faults.append(fault)
    return faults + notices.sent(settings, file, _TEXT)


def _copied(file: Path, target: Path) -> str:
    """Copy the file, whole or not at all; returns what went wrong. target: its folder, or its own path."""
    try:
        if target.is_dir():
            target /= file.name
        is_new = not target.exists()
        write_whole(target.resolve(), file.read_text(encoding="utf-8"), shared=True)
        if is_new:
            target.chmod(_READABLE)
    except OSError as error:
        return f"it could not be copied to {target}: {error.strerror}."
    return ""
