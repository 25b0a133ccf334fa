"""Views: what SQL needs in addition to the star, and rows of a table that several measures choose alike."""

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from etl.company.entries import text_of
from etl.company.measure import Conditions, conditions
from etl.core.errors import ContractError

_LIKE = re.compile(r"--\s*like:\s*(\w+)")
_WHERE = re.compile(r"^--\s*where:(.*)$", re.MULTILINE)
_COMMENT = re.compile(r"--[^\n]*")
_CONDITIONS: TypeAdapter[Conditions] = TypeAdapter(Conditions)


@dataclass(frozen=True)
class View:
    """A query over the star whose rows have the references of the table `like`.

    where: for rows of that table, which are chosen by these values; then there is no SQL to write, and DAX is known.
    """

    name: str
    like: str
    sql: str
    where: Conditions = field(default_factory=dict)


def read_view(path: Path) -> View:
    """Read the file of a view. Raises ContractError naming what is at fault."""
    text = text_of(path).rstrip().rstrip(";")
    like, where = _LIKE.search(text), _WHERE.search(text)
    if like is None:
        raise ContractError(f"{path}: the header has no line `-- like: …`.", "Name the table whose references it has.")
    has_sql = bool(_COMMENT.sub("", text).strip())
    if where and has_sql:
        raise ContractError(
            f"{path}: it has a line `-- where: …` and SQL: both would say which rows they are.",
            f"Remove the SQL, if the rows are those of {like[1]}; else remove the line, and write the measures' dax.",
        )
    if not where and not has_sql:
        raise ContractError(f"{path}: it has no SQL.", "Write a query, or a line `-- where: column = value`.")
    return View(path.stem, like[1], text, _conditions(path, where[1]) if where else {})


def _conditions(path: Path, text: str) -> Conditions:
    try:
        found = _CONDITIONS.validate_python(conditions(tomllib.loads(f"where = {{{text}}}")["where"]))
    except (tomllib.TOMLDecodeError, ValidationError):
        found = {}
    if not found or not all(found.values()):
        raise ContractError(
            f"{path}: `-- where:{text}` does not say which values the rows have.",
            'Write e.g. -- where: is_open = true, channel = ["Web", "App"]',
        )
    return found
