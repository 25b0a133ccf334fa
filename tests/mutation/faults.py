"""The faults that are injected: each makes of a table's rows of the night other rows, as some path might have done.

Rows are dicts of texts as the CSV files write them, None for NULL, in the order of their key.
"""

import math
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

Row = dict[str, str | None]
Rows = list[Row]
Value = Callable[[str | None], str | None]

RAW, STAR, STAGED = "raw", "star", "staged"
HASH = "the hash over the rows is another"


@dataclass(frozen=True)
class Fault:
    """One fault. where: the hand-overs at which it is injected.

    seen: what the refusal says: a figure of a column, which RECEIPTS=columns sees too, or that the hash is another.
    """

    name: str
    seen: str
    damage: Callable[[Rows, Rows], Rows]
    where: tuple[str, ...] = (RAW,)

    @property
    def seen_by(self) -> str:
        """The least RECEIPTS that sees it in whatever row."""
        return "rows" if self.seen == HASH else "columns"


def one(column: str, value: Value, number: int = 20) -> Callable[[Rows, Rows], Rows]:
    """Change a value of the row of this number."""
    return lambda rows, _: [r | {column: value(r[column])} if r["move_id"] == str(number) else r for r in rows]


def each(column: str, value: Value) -> Callable[[Rows, Rows], Rows]:
    """Change a whole column."""
    return lambda rows, _: [row | {column: value(row[column])} for row in rows]


def moved(column: str, by: int = 1) -> Callable[[Rows, Rows], Rows]:
    """Give each row the value of the row `by` rows earlier, the first ones those of the last."""
    return lambda rows, _: [row | {column: rows[(place - by) % len(rows)][column]} for place, row in enumerate(rows)]


def exchanged(a: str, b: str, numbers: Callable[[int], bool] = lambda _: True) -> Callable[[Rows, Rows], Rows]:
    """Exchange two columns, in all rows or in those of these numbers."""
    return lambda rows, _: [r | {a: r[b], b: r[a]} if numbers(int(str(r["move_id"]))) else r for r in rows]


def swapped(column: str, first: int, second: int) -> Callable[[Rows, Rows], Rows]:
    """Give two rows each other's value."""
    others = {str(first): second, str(second): first}

    def damage(rows: Rows, _: Rows) -> Rows:
        values = {row["move_id"]: row[column] for row in rows}
        return [r | {column: values[str(others[str(r["move_id"])])]} if r["move_id"] in others else r for r in rows]

    return damage


def replaced(old: str | None, new: str | None) -> Value:
    """Make a value another."""
    return lambda text: new if text == old else text


def part(old: str, new: str) -> Value:
    """Make a part of a text another."""
    return lambda text: text.replace(old, new) if text else text


def later(**time: int) -> Value:
    """Shift a time."""
    return lambda text: str(datetime.fromisoformat(str(text)) + timedelta(**time))


def cents(change: int) -> Value:
    """Add cents to an amount."""
    return lambda text: f"{(round(float(str(text)) * 100) + change) / 100:.2f}"


def month_first(text: str | None) -> str:
    """Read the day as the month, where it can be one."""
    year, month, day = str(text).split("-")
    return f"{year}-{day}-{month}" if int(day) <= 12 else str(text)


def other_flag(text: str | None) -> str | None:
    """Negate, as COPY writes flags and as the star does."""
    return {"t": "f", "f": "t", "true": "false", "false": "true"}[str(text)]


def next_digit(text: str | None) -> str:
    """Change the last digit."""
    return str(text)[:-1] + str((int(str(text)[-1]) + 1) % 3)


def whole(text: str | None) -> str:
    """Forget the point."""
    return f"{float(str(text)) * 100:.2f}"


def through_a_float(text: str | None) -> str:
    """Count cents in binary: 0.29 * 100 is 28.999999999999996."""
    return f"{math.floor(float(str(text)) * 100) / 100:.2f}"


def rounded(text: str | None) -> str:
    """Leave one place."""
    return f"{round(float(str(text)), 1):.2f}"


def taken_apart(text: str | None) -> str | None:
    """Write é as e and an accent."""
    return text and unicodedata.normalize("NFD", text)


def cents_that_outweigh(rows: Rows, last: Rows) -> Rows:
    """Add a cent to a row and take it from another."""
    return one("price", cents(-1), 22)(one("price", cents(1))(rows, last), last)


def of_another_row(rows: Rows, _: Rows) -> Rows:
    """Give the row 20 the values of another."""
    return [rows[29] | {"move_id": "20"} if row["move_id"] == "20" else row for row in rows]


def a_part_again(rows: Rows, _: Rows) -> Rows:
    """Add a hundred rows once more under keys of their own."""
    return rows + [row | {"move_id": str(2_000_000 + n)} for n, row in enumerate(rows[:100])]


def of_last_night(rows: Rows, last: Rows) -> Rows:
    """Take the row 13 as it was last night."""
    was = next(row for row in last if row["move_id"] == "13")
    return [was if row["move_id"] == "13" else row for row in rows]


def without(rows: Rows, _: Rows) -> Rows:
    return [row for row in rows if row["move_id"] != "20"]


def twice(rows: Rows, _: Rows) -> Rows:
    return [row for row in rows for _ in range(2 if row["move_id"] == "20" else 1)]


def under_another_number(rows: Rows, _: Rows) -> Rows:
    return [*rows, rows[19] | {"move_id": "999999"}]


FAULTS = [
    Fault("a row lost", "rows are", without, (RAW, STAGED)),
    Fault("a row doubled", "rows are", twice, (STAR, STAGED)),  # in the raw file the key would tell
    Fault("a row doubled under another number", "rows are", under_another_number),
    Fault("another row's values in a row", "units: sum", of_another_row),
    Fault("a row of last night", "price: sum", of_last_night),
    Fault("last night's whole file", "rows are", lambda _, last: last, (RAW, STAR)),
    Fault("a file without its last third", "rows are", lambda rows, _: rows[: len(rows) * 2 // 3], (RAW, STAGED)),
    Fault("nothing but the header", "rows are", lambda _, __: []),
    Fault("a part of the file twice under other numbers", "rows are", a_part_again, (STAR,)),
    Fault("two columns of money exchanged", "price: sum", exchanged("price", "cost"), (RAW, STAR)),
    Fault("two columns of time exchanged", "moved_at: min", exchanged("moved_at", "paid_at")),
    Fault("two columns of dates exchanged in one row", HASH, exchanged("day", "due", lambda n: n == 20)),
    Fault("two columns of text exchanged in one row", HASH, exchanged("note", "remark", lambda n: n == 20)),
    Fault("money moved to other rows", HASH, moved("price"), (RAW, STAGED)),
    Fault("whole numbers moved to other rows", HASH, moved("units"), (STAGED,)),
    Fault("texts moved to other rows", HASH, moved("note"), (RAW, STAR)),
    Fault("times moved to other rows", HASH, moved("paid_at")),
    Fault("dates moved to other rows", HASH, moved("day"), (STAR,)),
    Fault("flags moved to other rows", HASH, moved("done")),
    Fault("amounts of two rows swapped", HASH, swapped("price", 20, 21)),
    Fault("keys of two rows swapped", HASH, swapped("move_id", 20, 21)),
    Fault("a digit of a whole number", "units: sum", one("units", replaced("140", "146"))),
    Fault("a digit of an amount", "price: sum", one("price", cents(10))),
    Fault("a digit of a number without scale", "rate: sum", one("rate", lambda _: "5.25")),
    Fault("a digit of a text", HASH, one("remark", part("6", "8"))),
    Fault("a digit of a date", HASH, one("day", next_digit)),
    Fault("a digit of a time", HASH, one("moved_at", later(minutes=10))),
    Fault("a cent more here and a cent less there", HASH, cents_that_outweigh),
    Fault("a minus lost", "price: sum", each("price", part("-", ""))),
    Fault("cents taken for whole amounts", "price: sum", each("price", whole)),
    Fault("money through a binary float", "cost: sum", each("cost", through_a_float), (STAR,)),
    Fault("money rounded to one place", "price: sum", each("price", rounded), (STAGED,)),
    Fault("NULL into an empty text", "note: nulls", each("note", replaced(None, ""))),
    Fault("NULL into nan", "note: nulls", each("note", replaced(None, "nan"))),
    Fault("an empty text into NULL", "note: nulls", each("note", replaced("", None)), (RAW, STAGED)),
    Fault("NA into NULL", "note: nulls", each("note", replaced("NA", None))),
    Fault("nan into NULL", "note: nulls", each("note", replaced("nan", None))),
    Fault("NULL and an empty text exchanged", HASH, swapped("note", 24, 25)),
    Fault("an hour's slip of the time zone", "moved_at: min", each("moved_at", later(hours=1))),
    Fault("an hour's slip in one row", HASH, one("moved_at", later(hours=-1)), (RAW, STAGED)),
    Fault("microseconds cut off", HASH, each("moved_at", part(".000005", ""))),
    Fault("day and month exchanged", HASH, one("day", month_first, 30)),
    Fault("UTF-8 read as Latin-1", HASH, each("note", part("ñ", "Ã±")), (RAW, STAR)),
    Fault("letters that could not be decoded", HASH, each("note", part("ñ", "\N{REPLACEMENT CHARACTER}"))),
    Fault("a letter taken apart (NFD)", HASH, each("note", taken_apart)),
    Fault("an emoji lost", HASH, each("note", part("🚀", "?")), (STAGED,)),
    Fault("upper case", HASH, one("note", lambda text: text and text.upper())),
    Fault("a trailing blank lost", HASH, each("note", lambda text: text and text.rstrip())),
    Fault("other line breaks", HASH, one("note", part("\r\n", "\n"), 14), (STAR,)),
    Fault("a flag turned", HASH, one("done", other_flag)),
]  # fmt: skip
"""The table of faults: name, what the refusal says, the damage, where it is injected."""

SHIFTED = Fault("times of 25,000 rows earlier", HASH, moved("moved_at", by=25_000))
"""The rows' number, sum, least and greatest are right. It needs a table of more rows than that."""
