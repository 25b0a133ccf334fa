"""What to do about an error that a table file's code raised over its values."""

import re

_CURES = (
    (
        "precision",
        "A decimal has up to 38 digits; a product has those of both factors and one more, a sum one more. Make a factor"
        " narrower before, in its query (price::numeric(12, 2)) or in build"
        " (.astype(pd.ArrowDtype(pa.decimal128(12, 2)))).",
    ),
    (
        "overflow|out of bounds|too (large|big)",
        "64 bits count to 9,223,372,036,854,775,807: let the query cast the column to numeric(38, 0), add up with"
        " `totals`, or divide by a power of ten.",
    ),
    (
        "tz-naive|tz-aware|timezone",
        "Compare times with a zone: let the query say in which one the others were written (AT TIME ZONE 'UTC').",
    ),
    ("^SystemExit", "Let it return its frame, or raise a ValueError that says what is wrong."),
    ("^KeyError", "Look how the query, or the table that is read, spells that column's name."),
)
_OTHERWISE = "Correct that line, or the query whose rows it did not expect: `etl rejects` and `etl sql` show rows."


def cure_of_value(error: BaseException) -> str:
    """Return what to do about an error, by its words."""
    told = f"{type(error).__name__}: {error}"
    return next((cure for words, cure in _CURES if re.search(words, told, re.IGNORECASE)), _OTHERWISE)
