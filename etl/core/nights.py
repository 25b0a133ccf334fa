"""What is kept of each night besides its runs, also of one that failed: `<run>.log`, and `<run>.json`, its record.

Logs are kept as long as runs; records, which are small, for a year, so that nights can be compared with earlier ones.
"""

from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import ValidationError, model_validator

from etl.core import older
from etl.core.record import Record

FORMAT: Final = 4
"""The number of the newest format of records; etl.core.older reads those before it."""


class StageRecord(Record):
    """One stage of a night: the script, when it began (UTC), how long it took, and how it ended.

    rows, rejected: of what it committed; None where it committed nothing, or does not reject.
    """

    script: str
    started: datetime
    seconds: float
    exit_code: int
    rows: int | None = None
    rejected: int | None = None


class NightRecord(Record):
    """A night. exit_code: None while it is under way, or where it was killed; said: its log's last line."""

    format: Literal[4] = FORMAT
    run: str
    started: datetime
    ended: datetime | None = None
    exit_code: int | None = None
    stages: tuple[StageRecord, ...] = ()
    said: str = ""

    @model_validator(mode="before")
    @classmethod
    def _upgraded(cls, told: Any) -> Any:
        return older.upgraded(told, FORMAT, older.NIGHTS)


def records_folder(data: Path) -> Path:
    """Return where a data folder keeps its nights' logs and records."""
    return data / "nights"


def file_of(data: Path, run: str) -> Path:
    """Return where a night's record lies."""
    return records_folder(data) / f"{run}.json"


def recorded(data: Path) -> list[str]:
    """Name the nights of which a record is kept, oldest first."""
    return sorted(path.stem for path in records_folder(data).glob("[0-9]*.json"))


def write(data: Path, record: NightRecord, keep: int) -> None:
    """Write a night's record in place of what it said before; keep a year's records, and the newest `keep` logs."""
    folder = records_folder(data)
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob(".*.json"):  # by a night that was killed, or found the disk full
        left.unlink()
    beside = folder / f".{record.run}.json"
    beside.write_text(record.model_dump_json(indent=1) + "\n", encoding="utf-8")
    beside.replace(file_of(data, record.run))
    names = recorded(data)
    for old in names[:-keep]:
        (folder / f"{old}.log").unlink(missing_ok=True)
        if old < _a_year_before(names[-1]):
            file_of(data, old).unlink()


def _a_year_before(run: str) -> str:
    """Return the name of a run that began a year earlier: names are ordered as instants are."""
    return f"{int(run[:4]) - 1:04}{run[4:]}"


def records(data: Path) -> list[NightRecord]:
    """Read the records of the nights, oldest first; what cannot be read is left out."""
    found = []
    for path in sorted(records_folder(data).glob("*.json")):
        try:
            found.append(NightRecord.model_validate_json(path.read_bytes()))
        except (OSError, ValidationError):
            continue
    return found
