"""A company's report, beside its tables: `measures/*.toml`, `views/*.sql`, `pages/*.toml`; its title in `report.toml`.

Nothing is registered.
"""

import re
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Self

from pydantic import model_validator

from etl.company.currency import check_currency, money_format
from etl.company.entries import Entry, entry, text_of, toml_of
from etl.company.pages import Page
from etl.company.roles import Role
from etl.company.targets import Target
from etl.company.wording import check_wording
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
    money: whether it is an amount in the report's currency, which its format then has in it.
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
    money: bool = False

    @model_validator(mode="after")
    def _has_rows_or_measures(self) -> Self:
        if self.sql and not self.of and not NAMED.search(self.sql):
            raise ValueError("its sql names no other measure, so say `of` which table or view it is")
        if not self.of and (self.latest or self.ignores):
            raise ValueError("`latest` and `ignores` are of a measure with `of`")
        return self


class _About(Entry):
    """What report.toml says."""

    title: str
    currency: str | None = None
    target: tuple[Target, ...] = ()
    role: tuple[Role, ...] = ()


@dataclass(frozen=True)
class View:
    """A query over the star whose rows have the references of the table `like`."""

    name: str
    like: str
    sql: str


@dataclass(frozen=True)
class Report:
    """All of it, by name and in the order in which it is shown.

    currency: of the measures that are money, whose formats have it in them; targets: by measure; roles: of Power BI.
    """

    folder: Path
    title: str
    measures: dict[str, Measure]
    views: dict[str, View]
    pages: tuple[Page, ...]
    currency: str | None = None
    targets: dict[str, Target] = field(default_factory=dict)
    roles: tuple[Role, ...] = ()


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
    about = _about(folder / "report.toml")
    measures = {name: _in_currency(measure, about.currency) for name, measure in measures.items()}
    targets = {target.measure: target for target in about.target}
    report = Report(folder, about.title, measures, views, pages, about.currency, targets, about.role)
    _check_names(report)
    check_wording(pages, targets, {measure.name: measure.format for measure in measures.values()})
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


def _about(path: Path) -> _About:
    about = entry(path, _About, toml_of(path))
    if about.currency is not None:
        check_currency(about.currency, path)
    names = [target.measure for target in about.target]
    for name in names:
        if names.count(name) > 1:
            raise ContractError(f"{path}: there are two targets of [{name}].", "Leave one of them out.")
    return about


def _in_currency(measure: Measure, currency: str | None) -> Measure:
    """Return the measure whose format has the currency in it, if it is money."""
    if not measure.money:
        return measure
    return measure.model_copy(update={"format": money_format(measure.format, currency, f"measure [{measure.name}]")})


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
            for name in visual.named:
                _known(report, name, f"page {page.name}, visual “{visual.title}”")
    for name in report.targets:
        _known(report, name, f"{report.folder / 'report.toml'}, target")
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
