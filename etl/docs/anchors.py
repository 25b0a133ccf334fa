"""Where a measure is explained in the dictionary, for whoever links to it from elsewhere."""

from pathlib import Path

HTML = "dictionary.html"


def anchor_of(measure: str) -> str:
    """Return the anchor of a measure's entry in the HTML, the same whatever else is in the dictionary.

    Letters and digits stand in it as they are, blanks as hyphens, and all else by its number: `Net YoY %` has
    `measure-net-yoy-.25`.
    """
    written = ("-" if c == " " else c.lower() if c.isalnum() or c == "_" else f".{ord(c):x}" for c in measure)
    return f"measure-{''.join(written)}"


def dictionary_beside(file: Path) -> str | None:
    """Return the link to the dictionary from a file beside which it lies; None where it does not.

    `python -m etl docs --output FOLDER` puts it there.
    """
    return HTML if (file.parent / HTML).is_file() else None
