"""The files of a company's report, read: text, TOML, and entries that are what they say, or one sentence why not."""

import re
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, TypeAlias, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from etl.company.faults import of_entry
from etl.core.errors import ContractError
from etl.core.needs import check_needs


class Entry(BaseModel):
    """What a file may say: nothing but this, and it does not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


E = TypeVar("E", bound=Entry)


def _of_a_table(name: str) -> str:
    if not re.fullmatch(r"\w+\.\w+", name):
        raise ValueError(f"{name!r} does not say of which table it is: write table.column")
    return name


ColumnName: TypeAlias = Annotated[str, AfterValidator(_of_a_table)]
"""A column of the star, as "table.column"."""


def toml_of(path: Path) -> dict[str, Any]:
    """Read a TOML file, its numbers to the digit. Raises ContractError saying where it is none."""
    try:
        return tomllib.loads(text_of(path), parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise ContractError(
            f"{path} is not valid TOML: {error}.",
            "Correct that place: texts stand in quotes, lists in brackets, and each entry begins with [[…]].",
        ) from None


def text_of(path: Path) -> str:
    """Read a text file. Raises ContractError where it cannot be read, or needs a newer version of this program."""
    try:
        text = path.read_text(encoding="utf-8")
        check_needs(path, text)
        return text
    except OSError as error:
        raise ContractError(
            f"{path} cannot be read: {error.strerror}.",
            "Put the file there, or name the report's folder in REPORT_DIR.",
        ) from None
    except UnicodeDecodeError:
        raise ContractError(f"{path} is not UTF-8 text.", "Save it as UTF-8.") from None


def entry(path: Path, kind: type[E], given: dict[str, Any]) -> E:
    """Read an entry of a file. Raises ContractError naming what is at fault."""
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        raise of_entry(path, kind, given, error) from None
