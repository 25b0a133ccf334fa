"""Folded texts: without outer blanks and in upper case, as filters and groups compare them.

One definition for all who choose members. VertiPaq, which Power BI holds its tables in, folds case and trailing blanks
by itself; SQL compares the column `<name>_folded` that the engine keeps beside one declared `folded=True`. It is
computed once, here, because each warehouse has an upper case of its own for letters beyond ASCII.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from textwrap import shorten
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from etl.contract.column import Column, Folded, Pii, Role
from etl.core.errors import ContractError

_SUFFIX = "_folded"
_LONGEST = 1024
"""Characters of a description that every warehouse holds."""


def fold(value: object) -> Any:
    """Return what a value is compared as: a text without outer blanks and in upper case, anything else as it is."""
    return folded(pa.array([value], pa.string()))[0].as_py() if isinstance(value, str) else value


def folded(texts: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Return texts folded, once per distinct one; NULL stays NULL."""
    whole = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    encoded = whole.dictionary_encode()
    return pc.utf8_upper(pc.utf8_trim_whitespace(encoded.dictionary)).take(encoded.indices)


def with_folded(table: pa.Table, columns: Iterable[Column]) -> pa.Table:
    """Return rows with the folded columns, each in its place. columns: all of the contract's."""
    every = list(columns)
    made = [column for column in every if isinstance(column, Folded)]
    for column in made:
        table = table.append_column(column.name, folded(table.column(column.of)))
    return table.select([c.name for c in every if c.name in table.column_names]) if made else table


def folding(columns: Iterable[Column]) -> Iterator[Column]:
    """Return a contract's columns, beside each that is to be folded the one that the engine adds.

    Raises ContractError where the contract declares a column of that name itself.
    """
    every = list(columns)
    names = {column.name.casefold() for column in every}
    for column in every:
        yield column
        if column.folded:
            if column.name.casefold() + _SUFFIX in names:
                raise ContractError(
                    f"{column.name} is folded, so the engine adds {column.name}{_SUFFIX}, which the contract declares"
                    " itself.",
                    "Rename that column, or leave folded=True out.",
                )
            yield _companion(column)


def check_folded(name: str, kind: pa.DataType, meta: Mapping[str, Any]) -> None:
    """Refuse to fold what cannot be folded."""
    wanted, pii = meta.get("folded", False), meta.get("pii")
    if not isinstance(wanted, bool):
        raise ContractError(f"{name}: folded={wanted!r} is neither True nor False.", "Write folded=True.")
    if not wanted:
        return
    if meta["role"] is not Role.ATTRIBUTE or not pa.types.is_string(kind):
        raise ContractError(
            f"{name} is to be folded, and is no attribute of the type Text.",
            "Leave folded=True out: numbers, dates, flags and keys are compared as they are.",
        )
    if pii in (Pii.HASH, Pii.DROP):
        raise ContractError(
            f"{name} is to be folded, and its values are not published (pii={pii.name}).",
            "Leave folded=True out; to have spellings share a pseudonym, let build clean them: clean_text(…, case=…).",
        )


def _companion(column: Column) -> Folded:
    told = f"{column.name} as filters and groups compare it: without outer blanks, in upper case. {column.description}"
    kept = {each.name: getattr(column, each.name) for each in fields(Column)}
    kept |= {"name": f"{column.name}{_SUFFIX}", "role": Role.FOLDED, "description": shorten(told, _LONGEST)}
    kept |= {"nullable": True, "folded": False, "sort_by": None, "unknown": fold(column.unknown)}
    kept["renamed_from"] = f"{column.renamed_from}{_SUFFIX}" if column.renamed_from else None
    return Folded(**kept, of=column.name)
