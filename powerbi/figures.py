"""The figures of a card: a number, and below it whether it meets its target, how it has changed, and its small line."""

from collections.abc import Iterator

from etl.company.pages import Page, Visual
from etl.company.report import Report
from powerbi import cards
from powerbi.expressions import Json
from powerbi.layout import Box
from powerbi.names import name_in
from powerbi.texts import change_name, colour_name, target_name

_NUMBER, _WORDS, _LINE = 84, 30, 44


def height(visual: Visual, report: Report) -> int:
    """Return how high a figure of a card is: those of one card are alike."""
    return _NUMBER + sum(strip for _, strip in _strips(visual, report))


def figures(page: Page, visual: Visual, name: str, box: Box, report: Report) -> Iterator[tuple[str, Box, Json]]:
    """Return the tiles of a figure, from the top down: names, places and contents."""
    measure, target = report.measures[name], report.targets.get(name)
    strips = list(_strips(visual, report))
    number = Box(box.x, box.y, box.width, box.height - sum(strip for _, strip in strips))
    yield name_in(page, name, visual.title), number, cards.card(measure, 20, colour_name(name) if target else None)
    top = number.bottom
    for kind, strip in strips:
        place = Box(box.x, top, box.width, strip)
        top += strip
        said = f"{visual.title}/{kind}"
        if kind == "target" and target:
            yield name_in(page, name, said), place, cards.words(target_name(name), measure, colour_name(name))
        elif kind == "change" and name in visual.change:
            by = report.measures[visual.change[name]]
            colour = colour_name(by.name) if by.name in report.targets else None
            yield name_in(page, name, said), place, cards.words(change_name(by.name), by, colour)
        elif kind == "spark":
            yield name_in(page, name, said), place, cards.spark(measure, str(visual.spark))


def _strips(visual: Visual, report: Report) -> Iterator[tuple[str, int]]:
    """Name what stands below the numbers of a card, with its height."""
    if any(name in report.targets for name in visual.measures):
        yield "target", _WORDS
    if visual.change:
        yield "change", _WORDS
    if visual.spark:
        yield "spark", _LINE
