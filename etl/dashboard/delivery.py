"""Handing the dashboard on after a night: a copy where the settings say, and by mail to whom they name."""

import errno
from collections.abc import Sequence
from pathlib import Path

from config import Settings
from etl.core.errors import DeliveryError, EtlError, UsageError
from etl.core.whole import write_whole

_TEXT = "The dashboard: open the attached file in any browser; it asks nothing of a network."
_NO_PLACE = (FileNotFoundError, NotADirectoryError, PermissionError)
"""What says that a setting is wrong, and not the disk."""
_READABLE = 0o644
"""The mode of a new copy, which is made for others; a person may change it, and it stays so."""


def handed_on(settings: Settings) -> list[EtlError]:
    """Copy and send the dashboard; returns what went wrong."""
    from etl import notices  # with all that mail and HTTP need, which who only writes the file does without

    file, target = settings.dashboard_file, settings.dashboard_copy_to
    fault = _copied(file, target) if target else None
    return [*([fault] if fault else []), *notices.sent(settings, file, _TEXT)]


def told(faults: Sequence[EtlError]) -> str:
    """Say of a dashboard that is written what went wrong afterwards."""
    return f"the dashboard is written, but not everybody has it. {' '.join(fault.message for fault in faults)}"


def _copied(file: Path, target: Path) -> EtlError | None:
    """Copy the file, whole or not at all; returns what went wrong, if anything. target: its folder, or its own path."""
    try:
        if target.is_dir():
            target /= file.name
        is_new = not target.exists()
        write_whole(target.resolve(), file.read_text(encoding="utf-8"), shared=True)
        if is_new:
            target.chmod(_READABLE)
    except OSError as error:
        message = f"It could not be copied to {target}: {error.strerror}."
        if isinstance(error, _NO_PLACE) or error.errno == errno.ENAMETOOLONG:
            return UsageError(message, "Name a folder or file that can be written in DASHBOARD_COPY_TO.")
        return DeliveryError(message, "Look whether the disk is full or away, then try again.", transient=True)
    return None
