"""What is kept of each night besides its runs, also of one that failed: `<run>.log`, and `<run>.json`, its record."""

from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from etl.core.manifest import Record


class StageRecord(Record):
    """One stage of a night: the script, when it began (UTC), how long it took, and how it ended."""

    script: str
    started: datetime
    seconds: float
    exit_code: int


class NightRecord(Record):
    """A night. exit_code: None while it is under way, or where it was killed; said: its log's last line."""

    run: str
    started: datetime
    ended: datetime | None = None
    exit_code: int | None = None
    stages: tuple[StageRecord, ...] = ()
    said: str = ""


def folder_of(data: Path) -> Path:
    """Say where a data folder keeps its nights' logs and records."""
    return data / "nights"


def records(data: Path) -> list[NightRecord]:
    """Read the records of the nights, oldest first; what cannot be read is left out."""
    found = []
    for path in sorted(folder_of(data).glob("*.json")):
        try:
            found.append(NightRecord.model_validate_json(path.read_bytes()))
        except (OSError, ValidationError):
            continue
    return found
