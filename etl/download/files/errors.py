"""The faults of files, by what DuckDB says of them: without the line itself, whose values are nobody's business."""

import re
from pathlib import Path

from etl.download.generic.faults import Faults

_CSV = re.compile(r"CSV Error on Line: (\d+)(.*?)(?:Possible |  file = |$)", re.DOTALL)
_COUNTED = re.compile(r"Expected Number of Columns: (\d+) Found: (\d+)")
_FILE = re.compile(r"file = (.+)")


class _Files(Faults):
    def reason(self, error: BaseException) -> str:
        """Return what is wrong with which line of which file."""
        said = str(getattr(error, "orig", error))
        found = _CSV.search(said)
        if not found:
            return super().reason(error)
        file = Path(named[1].strip()).name if (named := _FILE.search(said)) else "a CSV file"
        counted = _COUNTED.search(said)
        if counted:
            what = f"has {counted[2]} columns, and the first line has {counted[1]}"
        elif "maximum line size" in said.lower():
            what = "is longer than the 8 MB that a line may have"
        elif "unicode" in said.lower() or "encod" in said.lower() or "utf-8" in said.lower():
            what = "is not of the encoding that is expected"
        elif "quote" in found[2].lower():
            what = "has a quote that does not end, or text behind one"
        else:
            what = "cannot be read as CSV"
        return f"{file}:{found[1]} {what}."


FAULTS = _Files(
    passing_texts=r"(?!)",
    cures_said=(
        ("of the encoding", "Save it as UTF-8, or say what it is: {setting}=file:FOLDER?encoding=latin-1 (or utf-16)."),
        (
            " columns, and the first",
            "Correct the line where the file is made; a text with the separator in it needs quotes.",
        ),
        ("has a quote", 'A " inside a quoted text is written "". Correct the line where the file is made.'),
        (
            "candidate bindings",
            "Write the column as the first line of the file has it, blanks included, in double quotes:"
            ' " amount" AS amount.',
        ),
        ("file system operations are disabled", "Name a file in the folder of {setting}; no other can be read."),
        ("pytz", "Install it: .venv/bin/pip install pytz."),
    ),
)
