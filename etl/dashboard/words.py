"""The words beside numbers: titles that are computed, changes with their direction, and whether a target is met.

All of them judge a number as it is shown, rounded to its format: the words and the number that a reader sees agree.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from etl.company.pages import Visual
from etl.company.report import Report
from etl.company.sayings import Comparison, Operator, Saying
from etl.company.targets import Target
from etl.dashboard import formats
from etl.dashboard.picture import Value

_COMPARED: dict[Operator, Callable[[Decimal, Decimal], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "=": operator.eq,
}


@dataclass(frozen=True)
class Judged:
    """A number against its target. sign: what says it besides the colour, in one letter; text: in words."""

    is_met: bool
    sign: str
    text: str


@dataclass(frozen=True)
class Changed:
    """A change. sign: its direction, in one letter; word: in one word; text: how much, with its sign."""

    sign: str
    word: str
    text: str


def figure(value: Value, number_format: str) -> Decimal | None:
    """Return a number as it is shown; nothing of what is no finite number."""
    if not formats.is_number(value) or not (number := Decimal(str(value))).is_finite():
        return None
    places = formats.places(number_format)
    return number if places is None else formats.rounded(number, places)


def holds(comparison: Comparison, value: Value, number_format: str) -> bool:
    """Return whether a comparison holds of a measure's value."""
    number = figure(value, number_format)
    return number is not None and _COMPARED[comparison.operator](number, comparison.number)


def sentence(said: Sequence[Saying], values: Mapping[str, Value], number_formats: Mapping[str, str]) -> str | None:
    """Return the first sentence that can be said of the measures' values, by name; nothing where none can be."""
    for saying in said:
        known = all(values[name] is not None for name in saying.measures)
        if known and all(holds(each, values[each.measure], number_formats[each.measure]) for each in saying.conditions):
            pieces = (
                f"{text}{formats.shown(values[name], number_formats[name]) if name else ''}"
                for text, name in saying.pieces
            )
            return "".join(pieces)
    return None


def changed(value: Value, number_format: str) -> Changed | None:
    """Return the words of a change; nothing where it is not known. Neither direction is good or bad."""
    number = figure(value, number_format)
    if number is None:
        return None
    text = formats.shown(value, number_format)
    if number == 0:
        return Changed("=", "unchanged", text.removeprefix("+"))
    return Changed("▲", "up", f"+{text.removeprefix('+')}") if number > 0 else Changed("▼", "down", text)


def judged(value: Value, target: Target | None, number_format: str) -> Judged | None:
    """Return whether a number meets its target; nothing where there is none of the two."""
    if target is None or figure(value, number_format) is None:
        return None
    is_met = holds(goal(target, number_format), value, number_format)
    met, missed = told(target, number_format)
    return Judged(True, "✓", met) if is_met else Judged(False, "✗", missed)


def goal(target: Target, number_format: str) -> Comparison:
    """Return what holds where a target is met, its number as it is shown."""
    comparison = target.comparison
    return replace(comparison, number=figure(comparison.number, number_format) or Decimal(0))


def told(target: Target, number_format: str) -> tuple[str, str]:
    """Return what is said of a number that meets its target, and of one that does not."""
    bound = formats.shown(goal(target, number_format).number, number_format).removeprefix("+")
    if target.at_least is not None:
        return f"meets the target: at least {bound}", f"below the target: at least {bound}"
    return f"meets the target: at most {bound}", f"above the target: at most {bound}"


def vocabulary(visual: Visual, report: Report) -> dict[str, Any]:
    """Return what the page needs to say it again of other numbers; places are those in the parts' measures."""
    parts = visual.parts
    main = parts["main"].measures
    return {
        "title": visual.title,
        "said": [_said(saying, visual.said_of) for saying in visual.said],
        "figures": len(visual.measures),
        "change": {main.index(name): main.index(by) for name, by in visual.change.items()},
        "targets": {
            place: target_told(report.targets[name], report.measures[name].format)
            for place, name in enumerate(main)
            if name in report.targets
        },
        "panels": visual.panels,
    }


def _said(saying: Saying, measures: Sequence[str]) -> dict[str, Any]:
    return {
        "when": [[measures.index(each.measure), each.operator, f"{each.number:f}"] for each in saying.conditions],
        "text": [[text, measures.index(name) if name else None] for text, name in saying.pieces],
    }


def target_told(target: Target, number_format: str) -> dict[str, str]:
    """Return a target as the page judges by it."""
    met, missed = told(target, number_format)
    comparison = goal(target, number_format)
    return {"operator": comparison.operator, "bound": f"{comparison.number:f}", "met": met, "missed": missed}
