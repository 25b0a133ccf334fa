"""A company's report, beside its tables: `measures/*.toml`, `views/*.sql`, `pages/*.toml`; its title in `report.toml`.

Nothing is registered.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from etl.company.currency import check_currency, money_format
from etl.company.entries import Entry, entry, toml_of
from etl.company.formula import Formula, Named, inlined
from etl.company.measure import Measure
from etl.company.pages import Page
from etl.company.roles import Role
from etl.company.targets import Target
from etl.company.views import View, read_view
from etl.company.wording import check_wording
from etl.core.errors import ContractError, UsageError
from etl.core.names import guess

AS_OF, ONE_NIGHT = "Data as of", "All Tables of One Night"
"""The measures that every report has: they stand at the head of each page."""
ROWS_OF_ALL = "{rows of all tables}"
"""What stands in a measure's DAX for the count of all tables' rows."""


class _About(Entry):
    """What report.toml says."""

    title: str
    currency: str | None = None
    target: tuple[Target, ...] = ()
    role: tuple[Role, ...] = ()


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

    def parts(self, name: str) -> tuple[str, ...]:
        """Name the measures with rows of their own that a measure is made of in the end; itself, if it has some."""
        return tuple(dict.fromkeys(self._parts(name)))

    def has_sql(self, name: str) -> bool:
        """Whether a measure can be asked in SQL: not what Power BI alone has, or is made of."""
        measure = self.measures[name]
        if measure.made_of:
            return all(self.has_sql(other) for other in measure.made_of)
        return bool(measure.sql or measure.aggregate)

    def is_additive(self, name: str) -> bool:
        """Whether a measure can be computed from sums and counts of disjoint members: it is one, or made of such."""
        is_formula = self.measures[name].tree is not None
        parts = [self.measures[part] for part in self.parts(name)]
        return (is_formula or parts == [self.measures[name]]) and all(part.is_additive for part in parts)

    def is_by_hand(self, name: str) -> bool:
        """Whether SQL by hand says what a measure is, or one that it is made of."""
        measure = self.measures[name]
        return measure.sql is not None or any(self.is_by_hand(other) for other in measure.made_of)

    def tree(self, name: str) -> Formula:
        """Return the formula of a measure down to its parts; of one that is none, its name."""
        return inlined(Named(name), lambda other: self.measures[other].tree)

    def _parts(self, name: str) -> Iterator[str]:
        made_of = self.measures[name].made_of
        if not made_of:
            yield name
        for other in made_of:
            yield from self._parts(other)


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
    views = {path.stem: read_view(path) for path in sorted((folder / "views").glob("*.sql"))}
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


def _check_names(report: Report) -> None:
    """Refuse a visual or a measure that names a measure which is not there, and measures made of each other."""
    for page in report.pages:
        for visual in page.visual:
            for name in visual.named:
                _known(report, name, f"page {page.name}, visual “{visual.title}”")
    for name in report.targets:
        _known(report, name, f"{report.folder / 'report.toml'}, target")
    for measure in report.measures.values():
        for name in measure.made_of:
            _known(report, name, f"measure [{measure.name}]")
        view = report.views.get(measure.of or "")
        if view and not view.where and not measure.dax:
            raise ContractError(
                f"measure [{measure.name}]: no DAX can be made from the SQL of the view {view.name}.",
                "Write its dax, too; or let the view be rows of its table, by a line `-- where: …`.",
            )
    try:
        TopologicalSorter({measure.name: measure.made_of for measure in report.measures.values()}).prepare()
    except CycleError as error:
        loop = " of ".join(f"[{name}]" for name in error.args[1])
        raise ContractError(
            f"{report.folder}: measures are made of each other: {loop}.",
            "Let one of them say `of` which table it is instead of naming the other measure.",
        ) from None


def _known(report: Report, name: str, where: str) -> None:
    if name not in report.measures:
        raise ContractError(
            f"{where}: there is no measure [{name}].", guess(name, report.measures, "Add it to measures/.")
        )
