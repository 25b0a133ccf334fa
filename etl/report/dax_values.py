"""Values in DAX, and the conditions that rows have one of them."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal


def literal(value: object) -> str:
    """Write a value in DAX, exactly as it is."""
    if value is None:
        return "BLANK()"
    if isinstance(value, bool):
        return f"{str(value).upper()}()"
    if isinstance(value, dt.date):
        return f"DATE({value.year}, {value.month}, {value.day})"
    if isinstance(value, int | float | Decimal):
        return str(value)
    return '"' + str(value).replace('"', '""') + '"'


def condition(column: str, values: Sequence[object], *, has_blanks: bool) -> str:
    """Write that a column is one of the values that a company's files declare. has_blanks: whether it can be nothing.

    To `=` a blank is FALSE, 0 and an empty text, too; to `==` and IN it is none of them. Published texts are trimmed.
    """
    written = [literal(value.strip() if isinstance(value, str) else value) for value in values]
    if len(values) > 1:
        return f"{column} IN {{{', '.join(written)}}}"
    return f"{column} {'==' if has_blanks and not values[0] else '='} {written[0]}"
