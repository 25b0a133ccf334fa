"""A company's report, beside its tables: `measures/*.toml`, `views/*.sql`, `pages/*.toml`; its title in `report.toml`.

Nothing is registered.
"""

import re
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Self

from pydantic import model_validator

from etl.company.entries import Entry, entry, text_of, toml_of
from etl.company.pages import Page
from etl.core.errors import ContractError, UsageError
from etl.core.names import guess

NAMED = re.compile(r"\[([^\]]+)\]")
"""Another measure, as DAX and our SQL name it."""
AS_OF, ONE_NIGHT = "Data as of", "All Tables of One Night"
"""The measures that every report has: they stand at the head of each page."""
ROWS_OF_ALL = "{rows of all tables}"
"""What stands in a measure's DAX for the count of all tables' rows."""
_LIKE = re.compile(r"--\s*like:\s*(\w+)")


class Measure(Entry):
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


class _About(Entry):
    title: str


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
    title = entry(folder / "report.toml", _About, toml_of(folder / "report.toml")).title
    report = Report(folder, title, measures, views, pages)
    _check_names(report)
    return report


def check_trust(report: Report) -> None:
    """Refuse a report that cannot say at the head of its pages whether its numbers are to be trusted."""
    for name in (AS_OF, ONE_NIGHT):
        _known(report, name, f"the head of each page in {report.folder}")


def _measures(path: Path) -> list[Measure]:
    content = toml_of(path)
    folder = content.pop("folder", "")
    entries = content.pop("measure", [])
    is_list = isinstance(entries, list) and all(isinstance(given, dict) for given in entries)
    if content or not isinstance(folder, str) or not folder or not is_list:
        raise ContractError(
            f"{path} is not a list of measures.", 'Begin with folder = "…", then write [[measure]] entries.'
        )
    return [entry(path, Measure, {"folder": folder} | given) for given in entries]


def _page(path: Path) -> Page:
    return entry(path, Page, toml_of(path))


def _view(path: Path) -> View:
    text = text_of(path)
    like = _LIKE.search(text)
    if like is None:
        raise ContractError(f"{path}: the header has no line `-- like: …`.", "Name the table whose references it has.")
    return View(path.stem, like[1], text.rstrip().rstrip(";"))


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
