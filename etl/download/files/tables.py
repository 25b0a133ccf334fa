"""What a file is to DuckDB: a relation of texts, but for Parquet, which has types. Nothing is guessed from values."""

import csv
import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from etl.core.errors import ContractError, SourceError, UsageError
from etl.download.generic.cells import strings

PARQUET, EXCEL = (".parquet",), (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
TEXTS = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz")
ENDINGS = (*TEXTS, *PARQUET, *EXCEL)

_ENCODINGS = {
    **dict.fromkeys(("utf-8", "utf8"), ("utf-8-sig", "utf-8")),
    **dict.fromkeys(("latin-1", "latin1"), ("latin-1", "latin-1")),
    "utf-16": ("utf-16", "utf-16"),
}
"""What the setting calls them: Python's name and DuckDB's."""
_SEPARATORS = ",;\t|"
_DIALECT = (
    "auto_detect = false, header = true, quote = '\"', escape = '\"', strict_mode = true, null_padding = false,"
    " nullstr = '', allow_quoted_nulls = false, buffer_size = 8388608"
)


def csv_relation(files: Sequence[Path], options: Mapping[str, str], setting: str) -> str:
    """Write a relation over CSV files of one header, every column a text. Raises what is wrong with them."""
    encoding = options.get("encoding", "utf-8").lower()
    if encoding not in _ENCODINGS:
        raise UsageError(f"{setting} names the encoding {encoding}.", "utf-8, latin-1 and utf-16 can be read.")
    first, *others = files
    separator = options.get("separator", "")
    if separator and (len(separator) > 1 or separator in '"\r\n'):
        raise UsageError(
            f"{setting} names the separator {separator!r}.", "Name one character: &separator=%3B is ; and %09 is a tab."
        )
    names, separator = _header(first, encoding, separator)
    for other in others:
        if (theirs := _header(other, encoding, separator)[0]) != names:
            differing = next((n for n in (*theirs, *names) if n not in names or n not in theirs), "their order")
            raise SourceError(
                f"{other.name} has other columns than {first.name}: {differing}.",
                "Read files of different columns by queries of their own, or name the columns and UNION them.",
            )
    told = {
        "columns": "{" + ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names) + "}",
        "delim": literal(separator),
        "encoding": literal(_ENCODINGS[encoding][1]),
    }
    listed = ", ".join(literal(str(file)) for file in files)
    return f"read_csv([{listed}], {_DIALECT}, {', '.join(f'{name} = {value}' for name, value in told.items())})"


def parquet_relation(files: Sequence[Path]) -> str:
    """Write a relation over Parquet files."""
    return f"read_parquet([{', '.join(literal(str(file)) for file in files)}])"


def sheet(file: Path, name: str) -> pa.Table:
    """Read a sheet of a workbook, the first one unless it is named, as texts; its first row names the columns."""
    try:
        import python_calamine as calamine  # type: ignore[import-not-found,unused-ignore]  # it need not be installed
    except ImportError:
        raise UsageError(
            f"{file.name} cannot be read without the package python-calamine.", "Write it into requirements-own.txt."
        ) from None
    try:
        book = calamine.CalamineWorkbook.from_path(str(file))
        rows = book.get_sheet_by_name(name or book.sheet_names[0]).to_python(skip_empty_area=False)
    except calamine.WorksheetNotFound:
        raise SourceError(
            f"{file.name} has no sheet {name}.",
            f"It has: {', '.join(book.sheet_names)}. Write FROM '{file.name}#SHEET'.",
        ) from None
    except calamine.CalamineError as error:
        raise SourceError(f"{file.name} cannot be read as a workbook: {error}.", "Save it as .xlsx.") from None
    names = [_text(cell) or "" for cell in rows[0]] if rows else []
    _check_names(names, file)
    cells = [[_text(cell) for cell in row] for row in rows[1:] if any(cell not in ("", None) for cell in row)]
    columns = [strings([row[place] for row in cells]) for place in range(len(names))]
    return pa.Table.from_arrays(columns, schema=pa.schema([(name, pa.string()) for name in names]))


def literal(text: str) -> str:
    """Write a text as SQL."""
    return "'" + text.replace("'", "''") + "'"


def _text(cell: Any) -> str | None:
    """Write a cell of a workbook, which knows numbers, texts, days, times and flags; a whole number has no point."""
    if cell is None or cell == "":
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 2**53 else repr(cell)
    return cell.isoformat(sep=" ") if isinstance(cell, dt.datetime) else str(cell)


def _header(file: Path, encoding: str, separator: str) -> tuple[list[str], str]:
    """Read the names of a CSV's columns, and by what they are separated."""
    import gzip

    opened = gzip.open if file.suffix == ".gz" else open
    try:
        with opened(file, "rt", encoding=_ENCODINGS[encoding][0], newline="") as lines:
            chosen = separator or max(_SEPARATORS, key=lines.readline().count)
            lines.seek(0)
            names = next(csv.reader(lines, delimiter=chosen), [])
    except UnicodeError:
        raise SourceError(
            f"{file.name} is not {encoding}.", "Save it as UTF-8, or say what it is: file:FOLDER?encoding=latin-1"
        ) from None
    except (OSError, EOFError, csv.Error) as error:
        raise SourceError(
            f"{file.name} cannot be read: {getattr(error, 'strerror', None) or error}.",
            "Look whether it is whole, what its first row is, and who may read it.",
        ) from None
    _check_names(names, file)
    return names, chosen


def _check_names(names: Sequence[str], file: Path) -> None:
    if not names:
        raise SourceError(f"{file.name} is empty.", "Its first row has to name the columns.")
    lower = [name.lower() for name in names]
    doubled = next((name for name in names if lower.count(name.lower()) > 1), None)
    if not all(name.strip() for name in names) or doubled:
        what = f"two columns named {doubled}" if doubled and doubled.strip() else "a column without a name"
        raise ContractError(f"{file.name} has {what} in its first row.", "Give each column a name of its own there.")
