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
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, ValidationError

from etl.core.errors import ContractError, EtlError, joined
from etl.core.names import guess
from etl.core.needs import check_needs

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


_LINES = {
    "query": 'the query whose rows are corrected: query = "contracts"',
    "where": "the row's key, as whole numbers, texts, days, true or false: where = { contract_id = 270407 }",
    "set": 'columns and values, those with decimals in quotes: set = { unit_price = "12.50" }',
    "unset": 'a list of columns: unset = ["returned_at"]',
    "reason": 'why, in quotes: reason = "typed without the decimal point"',
    "rows": 'how many rows it changes: rows = 3, or rows = "any"',
    "until": "a day, without quotes: until = 2027-01-31",
}
"""The lines of an entry, and how to write them."""


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
        text = path.read_text(encoding="utf-8")
        check_needs(path, text)
        entries = _File.model_validate(tomllib.loads(text)).correction
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ContractError(
            f"{path} is not valid TOML: {error}.",
            "Correct that place: texts stand in quotes, lists in brackets, and each entry begins with [[…]].",
        ) from None
    except ValidationError as error:
        raise joined([_fault(path, details["type"], details["loc"]) for details in _first_of_each(error)]) from None
    table = path.name.removesuffix(ENDING)
    return [_correction(path, table, number, entry) for number, entry in enumerate(entries, 1)]


def _first_of_each(error: ValidationError) -> list[Any]:
    """Return one fault for each place: a value that is of none of several types has as many."""
    return list({details["loc"][:4]: details for details in reversed(error.errors())}.values())[::-1]


def _fault(path: Path, kind: str, place: Sequence[int | str]) -> ContractError:
    """Say what is wrong at a place of a file: the list, the entry's number, its line and perhaps a column."""
    if len(place) < 3:
        stray = kind == "extra_forbidden"
        told = f"{path}: [[{place[0]}]] is not known." if stray else f"{path} has no list of [[correction]]."
        return ContractError(told, "Begin each entry with [[correction]].")
    name, line = f"{path} [{int(place[1]) + 1}]", str(place[2])
    if kind == "extra_forbidden":
        return ContractError(f"{name}: a correction has no line `{line}`.", guess(line, _LINES))
    if kind == "missing":
        return ContractError(f"{name} has no line `{line}`.", f"Write {_LINES[line]}.")
    of = f" of {place[3]}" if len(place) > 3 and line in ("where", "set") else ""
    return ContractError(f"{name}: `{line}`{of} cannot be read.", f"Write {_LINES[line]}.")


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
