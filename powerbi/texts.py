"""The measures that visuals are worded by: computed titles, changes with their direction, targets and their colours.

They are hidden, in a folder of their own, and say what the dashboard's words (etl/dashboard/words.py) say: of a number
as it is shown, rounded to its format.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from etl.company.measure import Measure
from etl.company.pages import Page, Visual
from etl.company.report import Report
from etl.company.sayings import Comparison, Saying
from etl.company.targets import Target
from etl.core.errors import ContractError
from etl.dashboard import formats
from etl.dashboard.words import goal, told
from powerbi import theme
from powerbi.names import name_in

FOLDER = "Words of Visuals"
_DATE, _TIME = "yyyy-mm-dd", "yyyy-mm-dd hh:mm"


def title_name(page: Page, visual: Visual) -> str:
    """Name the measure that is a visual's title."""
    return f"Title {name_in(page, visual.title, 'said')}"


def change_name(measure: str) -> str:
    """Name the measure that says how another one has changed: its direction and size, and of what."""
    return f"{measure} (words)"


def target_name(measure: str) -> str:
    """Name the measure that says whether another one meets its target."""
    return f"{measure} (target)"


def sign_name(measure: str) -> str:
    """Name the measure that says in one letter whether another one meets its target."""
    return f"{measure} (sign)"


def colour_name(measure: str) -> str:
    """Name the measure that is the colour of another one."""
    return f"{measure} (colour)"


def texts(report: Report) -> dict[str, tuple[str, str]]:
    """Return the generated measures: DAX and meaning by name. Raises ContractError where a name is the company's."""
    made = dict(_texts(report))
    for name in made:
        if name in report.measures:
            raise ContractError(
                f"The measure [{name}] has the name of one that is generated for Power BI.", "Rename it."
            )
    return made


def _texts(report: Report) -> Iterator[tuple[str, tuple[str, str]]]:
    for page in report.pages:
        for visual in page.visual:
            if visual.said:
                dax = _title(visual, report.measures)
                yield title_name(page, visual), (dax, f"The title of “{visual.title}” on the page {page.name}.")
            for name in visual.change.values():
                yield change_name(name), (_change(report.measures[name]), f"[{name}] with its direction, in words.")
    for name, target in report.targets.items():
        measure = report.measures[name]
        met, missed = told(target, measure.format)
        yield target_name(name), (_judged(target, measure, f"✓ {met}", f"✗ {missed}"), f"Whether [{name}] {met}.")
        yield sign_name(name), (_judged(target, measure, "✓", "✗"), f"Whether [{name}] {met}, in one letter.")
        colours = _judged(target, measure, theme.GOOD, theme.BAD, theme.INK)
        yield colour_name(name), (colours, f"The colour of [{name}], by whether it {met}.")


def _title(visual: Visual, measures: Mapping[str, Measure]) -> str:
    """Say the first sentence whose measures are there and whose conditions hold."""
    names = list(visual.said_of)
    cases = [case for saying in visual.said for case in _case(saying, names, measures)]
    always = visual.said[-1].measures == ()
    cases.append(_text(visual.said[-1].text if always else visual.title))
    if len(cases) == 1:
        return cases[0]
    variables = [f"VAR v{number} = [{name}]" for number, name in enumerate(names)]
    return "\n".join([*variables, "RETURN", "    SWITCH(", "        TRUE(),", _listed(cases, 8), "    )"])


def _case(saying: Saying, names: Sequence[str], measures: Mapping[str, Measure]) -> Iterator[str]:
    """Write the condition under which a sentence is said, and the sentence; nothing of one that always is."""
    if not saying.measures:
        return
    known = [f"NOT(ISBLANK(v{names.index(name)}))" for name in saying.measures]
    held = [_held(each, f"v{names.index(each.measure)}", measures[each.measure].format) for each in saying.conditions]
    yield " && ".join([*known, *held])
    pieces: list[str] = []
    for text, name in saying.pieces:
        pieces += [_text(text)] if text else []
        pieces += [_number(f"v{names.index(name)}", measures[name].format)] if name else []
    yield " & ".join(pieces)


def _change(measure: Measure) -> str:
    unsigned = measure.format.partition(";")[0].removeprefix("+")
    size = f"FORMAT(ABS(change), {_text(unsigned)})"
    rounded = _rounded("change", measure.format)
    signs = [f"{rounded} > 0", _text("▲ +"), f"{rounded} < 0", _text("▼ −"), _text("= ")]
    words = f"SWITCH(TRUE(), {', '.join(signs)}) & {size}"
    shown = f"IF(ISBLANK(change), {_text(formats.NOTHING)}, {words})"
    return f"VAR change = [{measure.name}]\nRETURN\n    {shown} & {_text(f' {measure.name}')}"


def _judged(target: Target, measure: Measure, met: str, missed: str, unknown: str | None = None) -> str:
    held = _held(goal(target, measure.format), "reached", measure.format)
    judged = f"IF({held}, {_text(met)}, {_text(missed)})"
    otherwise = (
        f"IF(ISBLANK(reached), {_text(unknown)}, {judged})" if unknown else f"IF(NOT(ISBLANK(reached)), {judged})"
    )
    return f"VAR reached = [{measure.name}]\nRETURN\n    {otherwise}"


def _held(comparison: Comparison, variable: str, number_format: str) -> str:
    return f"{_rounded(variable, number_format)} {comparison.operator} {_constant(comparison.number)}"


def _rounded(variable: str, number_format: str) -> str:
    places = formats.places(number_format)
    return variable if places is None else f"ROUND({variable}, {places})"


def _number(variable: str, number_format: str) -> str:
    """Write a value as the dashboard does: with the real minus sign, times in UTC."""
    text = f"FORMAT({variable}, {_text(number_format)})"
    if number_format == _DATE:
        return text
    return f'{text} & " UTC"' if number_format == _TIME else f'SUBSTITUTE({text}, "-", "−")'


def _constant(number: Decimal) -> str:
    return f"{number:f}"


def _text(text: str) -> str:
    escaped = text.replace('"', '""')
    return f'"{escaped}"'


def _listed(parts: Sequence[str], indent: int) -> str:
    return ",\n".join(" " * indent + part for part in parts)
