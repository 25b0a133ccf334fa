"""Known faults of a source, corrected by data: `<table>.corrections.toml` beside the table's file.

    [[correction]]
    query = "contracts"                       # whose rows
    where = { origin = "new", contract_id = 270407 }    # which row: the values of its key
    set = { unit_price = "12.50" }            # what it is to hold; numbers with decimals and times as texts
    unset = ["returned_at"]                   # what is to be NULL
    reason = "typed without the decimal point, see the ticket of 3 March"
    until = 2027-01-31                        # after this business date somebody has to look again

A correction is of the source's row, whichever table reads it. It is to change one row, or as many as `rows = 3` or
`rows = "any"` says: if it changes none, the source has been fixed; if it changes more, it matches too many.
"""

import datetime as dt
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, ValidationError

from etl.core.errors import ContractError, EtlError, joined

ENDING = ".corrections.toml"

Value = bool | int | float | str | dt.datetime | dt.date


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    query: str
    where: Annotated[dict[str, int | bool | str | dt.date], Field(min_length=1)]
    set: dict[str, Value] = {}
    unset: list[str] = []
    reason: Annotated[str, Field(min_length=1)]
    rows: PositiveInt | Literal["any"] = 1
    until: dt.date


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    correction: list[_Entry]


@dataclass(frozen=True)
class Correction:
    """One entry. name: file and number; where, set: columns and values as COPY writes them, None being NULL.

    rows: how many it is to change; None for any number.
    """

    name: str
    table: str
    query: str
    where: tuple[tuple[str, str], ...]
    set: tuple[tuple[str, str | None], ...]
    rows: int | None
    until: dt.date


def read_corrections(folder: Path) -> list[Correction]:
    """Read the corrections of a folder of tables; raises ContractError with the faults of all files at once."""
    found: list[Correction] = []
    faults: list[EtlError] = []
    for path in sorted(folder.glob(f"*{ENDING}")):
        try:
            found += _read(path)
        except ContractError as fault:
            faults.append(fault)
    if faults:
        raise joined(faults)
    return found


def check_expiry(corrections: Iterable[Correction], today: dt.date) -> None:
    """Raise ContractError where a correction has expired."""
    expired = [
        f"{correction.name} expired on {correction.until}" for correction in corrections if correction.until < today
    ]
    if expired:
        raise ContractError(
            f"{'; '.join(expired)}.",
            "Check whether the source has been fixed. If so, remove the correction; if not, set a later `until`.",
        )


def _read(path: Path) -> list[Correction]:
    try:
        entries = _File.model_validate(tomllib.loads(path.read_text(encoding="utf-8"))).correction
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ContractError(
            f"{path} is no TOML: {error}.",
            "Correct that place: texts stand in quotes, lists in brackets, and each entry begins with [[…]].",
        ) from None
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise ContractError(
            f"{path}: {where}: {error.errors()[0]['msg']}.", "docs/operating.md shows a correction: After a bad night."
        ) from None
    table = path.name.removesuffix(ENDING)
    return [_correction(path, table, number, entry) for number, entry in enumerate(entries, 1)]


def _correction(path: Path, table: str, number: int, entry: _Entry) -> Correction:
    name = f"{path} [{number}]"
    if not entry.set and not entry.unset:
        raise ContractError(f"{name} corrects nothing.", "Say what to `set` or `unset`.")
    both = sorted(set(entry.set) & set(entry.unset))
    if both:
        raise ContractError(f"{name} sets and unsets {both[0]}.", "Leave one of them out.")
    return Correction(
        name=name,
        table=table,
        query=entry.query,
        where=tuple((column, _text(value)) for column, value in entry.where.items()),
        set=(*((column, _text(value)) for column, value in entry.set.items()), *((c, None) for c in entry.unset)),
        rows=None if entry.rows == "any" else entry.rows,
        until=entry.until,
    )


def _text(value: Value) -> str:
    """Write a value as PostgreSQL's COPY does."""
    if isinstance(value, bool):
        return "t" if value else "f"
    return value.isoformat(sep=" ") if isinstance(value, dt.datetime) else str(value)
