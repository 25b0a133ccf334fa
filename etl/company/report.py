"""A company's report, beside its tables: `measures/*.toml`, `views/*.sql`, `pages/*.toml`; its title in `report.toml`.

Nothing is registered.
"""

import re
import tomllib
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from etl.core.errors import ContractError, UsageError
from etl.core.names import guess
from etl.core.needs import check_needs

NAMED = re.compile(r"\[([^\]]+)\]")
"""Another measure, as DAX and our SQL name it."""
AS_OF, ONE_NIGHT = "Data as of", "All Tables of One Night"
"""The measures that every report has: they stand at the head of each page."""
ROWS_OF_ALL = "{rows of all tables}"
"""What stands in a measure's DAX for the count of all tables' rows."""
_COLUMN = r"^\w+\.\w+$"
_LIKE = re.compile(r"--\s*like:\s*(\w+)")


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


E = TypeVar("E", bound=_Entry)


class Measure(_Entry):
    """A number that analysts ask for. meaning: one sentence; format: as spreadsheets write it.

    dax: what Power BI evaluates. sql: the same as an aggregate over `of`, a star table or a view; or, without `of`,
    made of other measures, in brackets. Without sql only Power BI has it.
    latest: for a balance, which is not added up over time: (the column by which there is one balance, the column of
    which only the greatest value counts), both of `of`. ignores: dimensions whose filters do not matter to it.
    """

    name: str
    folder: str
    meaning: str
    format: str
    dax: str
    of: str | None = None
    sql: str | None = None
    latest: tuple[str, str] | None = None
    ignores: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _has_rows_or_measures(self) -> Self:
        if self.sql and not self.of and not NAMED.search(self.sql):
            raise ValueError("its sql names no other measure, so say `of` which table or view it is")
        if not self.of and (self.latest or self.ignores):
            raise ValueError("`latest` and `ignores` are of a measure with `of`")
        return self


class Visual(_Entry):
    """A visual of a page: `measures` by the column `by` ("table.column"); a card has none.

    names: of a table's members, whose `by` is what tells them apart, the column that people call them by.
    top: how many members are shown: those with the greatest `top_by`, which is the first measure unless it is named.
    descending: whether the axis of a line or column chart runs down. width: in twelfths of the page.
    """

    kind: Literal["card", "line", "column", "bar", "table"]
    title: str
    alt: str
    measures: tuple[str, ...] = Field(min_length=1)
    by: str | None = Field(None, pattern=_COLUMN)
    names: str | None = Field(None, pattern=_COLUMN)
    top: int | None = Field(None, ge=1)
    top_by: str | None = None
    descending: bool = False
    width: int = Field(6, ge=2, le=12)

    @property
    def ranked_by(self) -> str:
        """The measure by which `top` chooses."""
        return self.top_by or self.measures[0]

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        if (self.by is None) != (self.kind == "card"):
            raise ValueError("a card has no `by`" if self.by else f"a {self.kind} needs a column: by = …")
        if self.names and (self.kind != "table" or self.names.partition(".")[0] != str(self.by).partition(".")[0]):
            raise ValueError("`names` is for a table, and of the same table as `by`")
        if self.top_by and not self.top:
            raise ValueError("`top_by` needs `top`")
        return self


class _About(_Entry):
    title: str


class Page(_Entry):
    """A page. name: of its tab; title: a sentence; slicers: columns, the same on all pages where they are named."""

    name: str
    title: str
    slicers: tuple[str, ...] = ()
    visual: tuple[Visual, ...] = Field(min_length=1)


@dataclass(frozen=True)
class View:
    """A query over the star whose rows have the references of the table `like`."""

    name: str
    like: str
    sql: str


@dataclass(frozen=True)
class Report:
    """All of it, by name and in the order in which it is shown."""

    folder: Path
    title: str
    measures: dict[str, Measure]
    views: dict[str, View]
    pages: tuple[Page, ...]


def read_report(folder: Path) -> Report:
    """Read the report of a folder. Raises UsageError where there is none, ContractError naming what is at fault."""
    if not (folder / "report.toml").is_file():
        raise UsageError(
            f"There is no report in {folder}.",
            "Copy powerbi/ there without CloudServices, or name the folder of report.toml, measures/ and pages/ in"
            " REPORT_DIR.",
        )
    measures: dict[str, Measure] = {}
    for path in sorted((folder / "measures").glob("*.toml")):
        for measure in _measures(path):
            if measure.name in measures:
                raise ContractError(f"{path}: there are two measures [{measure.name}].", "Rename one of them.")
            measures[measure.name] = measure
    views = {path.stem: _view(path) for path in sorted((folder / "views").glob("*.sql"))}
    pages = tuple(_page(path) for path in sorted((folder / "pages").glob("*.toml")))
    if not measures or not pages:
        raise ContractError(
            f"The report in {folder} has {len(measures)} measures and {len(pages)} pages.",
            "Write at least one of each.",
        )
    title = _entry(folder / "report.toml", _About, _toml(folder / "report.toml")).title
    report = Report(folder, title, measures, views, pages)
    _check_names(report)
    return report


def check_trust(report: Report) -> None:
    """Refuse a report that cannot say at the head of its pages whether its numbers are to be trusted."""
    for name in (AS_OF, ONE_NIGHT):
        _known(report, name, f"the head of each page in {report.folder}")


def _measures(path: Path) -> list[Measure]:
    content = _toml(path)
    folder = content.pop("folder", "")
    entries = content.pop("measure", [])
    is_list = isinstance(entries, list) and all(isinstance(entry, dict) for entry in entries)
    if content or not isinstance(folder, str) or not folder or not is_list:
        raise ContractError(
            f"{path} is not a list of measures.", 'Begin with folder = "…", then write [[measure]] entries.'
        )
    return [_entry(path, Measure, {"folder": folder} | entry) for entry in entries]


def _page(path: Path) -> Page:
    return _entry(path, Page, _toml(path))


def _view(path: Path) -> View:
    text = _text(path)
    like = _LIKE.search(text)
    if like is None:
        raise ContractError(f"{path}: the header has no line `-- like: …`.", "Name the table whose references it has.")
    return View(path.stem, like[1], text.rstrip().rstrip(";"))


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_text(path))
    except tomllib.TOMLDecodeError as error:
        raise ContractError(
            f"{path} is not valid TOML: {error}.",
            "Correct that place: texts stand in quotes, lists in brackets, and each entry begins with [[…]].",
        ) from None


def _text(path: Path) -> str:
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


def _entry(path: Path, kind: type[E], given: dict[str, Any]) -> E:
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        name = f" [{given['name']}]" if "name" in given else ""
        raise ContractError(
            f"{path}{name}: {where}: {error.errors()[0]['msg']}.",
            "Correct that entry; docs/dictionary.md and the sample's files in powerbi/ show what it may say.",
        ) from None


def _check_names(report: Report) -> None:
    """Refuse a visual or a measure that names a measure which is not there, and measures made of each other."""
    for page in report.pages:
        for visual in page.visual:
            for name in (*visual.measures, visual.ranked_by):
                _known(report, name, f"page {page.name}, visual “{visual.title}”")
    made_of: dict[str, list[str]] = {}
    for measure in report.measures.values():
        made_of[measure.name] = NAMED.findall(measure.sql) if measure.sql and not measure.of else []
        for name in made_of[measure.name]:
            _known(report, name, f"measure [{measure.name}], sql")
    try:
        TopologicalSorter(made_of).prepare()
    except CycleError as error:
        loop = " of ".join(f"[{name}]" for name in error.args[1])
        raise ContractError(
            f"{report.folder}: measures are made of each other: {loop}.",
            "Let the sql of one of them name columns instead of the other measure.",
        ) from None


def _known(report: Report, name: str, where: str) -> None:
    if name not in report.measures:
        raise ContractError(
            f"{where}: there is no measure [{name}].", guess(name, report.measures, "Add it to measures/.")
        )
