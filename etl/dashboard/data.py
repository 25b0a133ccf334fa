"""What the dashboard answers from: its slicers, and each visual's numbers under every choice."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from itertools import accumulate, takewhile
from typing import Any

from etl.company.measure import Measure
from etl.company.pages import Page, Visual
from etl.company.report import Report
from etl.contract.table import Contracts
from etl.core.errors import EtlError
from etl.dashboard import packing
from etl.dashboard.asked import Asked, Source, announce, asked, cut
from etl.dashboard.drilled import Level, Lower, level_of, lower
from etl.dashboard.plain import plain
from etl.dashboard.slicers import Slicer, calendar_of, offered, offered_months, slicers_of
from etl.dashboard.words import vocabulary
from etl.report.grains import Grains
from etl.report.names import friendly
from etl.report.read import Read, keeper
from etl.report.sql import Composer

MOST_SLICERS = 4
"""Of a page, that can be chosen by: each doubles the contexts, at least."""
NOTES = {
    "parts": "Several choices and ranges of months are put together from parts; where there are none, choose one.",
    "single": "Choose one of each: every figure is looked up among those that were computed beforehand.",
}
"""What a page says of how it answers, by its mode."""


MOST_BYTES = 1_000_000
"""Of all that is answered from: with the charts' library and the tables, the file has less than 2 MB."""
_LEVELS = ((40_000, 12_000), (40_000, 3_000), (20_000, 1_000), (8_000, 0), (2_000, 0), (0, 0))
"""Of rows and of parts of a visual, at most: parts go first, then the last slicers, until it all fits."""


@dataclass(frozen=True)
class Answers:
    """What all visuals were asked for, by page. parts: theirs by name; levels: those below their axes."""

    source: Source
    parts: Sequence[Sequence[Mapping[str, Asked]]]
    levels: Sequence[Sequence[Sequence[Level]]]


def data(report: Report, contracts: Contracts, read: Read) -> dict[str, Any]:
    """Ask for all that the pages answer. Pages and visuals are lists, in the report's order."""
    return packed_data(answers_of(report, contracts, read))


def answers_of(report: Report, contracts: Contracts, read: Read) -> Answers:
    """Ask for all visuals under every choice: what they will need of each table is said before."""
    composer, calendar = Composer(report, contracts), calendar_of(contracts)
    grains = Grains(composer, keep) if (keep := keeper(read)) else None
    most_rows, most_parts = _LEVELS[0]
    source = Source(report, composer, cache(read), calendar, most_rows, most_parts, grains)
    below = [[lower(v, _slicers(page, v), source, contracts) for v in page.visual] for page in report.pages]
    for page, levels in zip(report.pages, below, strict=True):
        for visual, its in zip(page.visual, levels, strict=True):
            asks = [(part, _slicers(page, visual)) for part in visual.parts.values()]
            for part, slicers in [*asks, *((level.visual, level.slicers) for level in its)]:
                announce(part, slicers, source)
    return Answers(
        source,
        [[_asked(page, visual, source) for visual in page.visual] for page in report.pages],
        [
            [_levels(page, visual, its, source) for visual, its in zip(page.visual, levels, strict=True)]
            for page, levels in zip(report.pages, below, strict=True)
        ],
    )


def packed_data(answers: Answers) -> dict[str, Any]:
    """Pack what was answered; with less of it, where it would be too much."""
    for number, (rows, parts) in enumerate(_LEVELS):
        answers = _cut(answers, rows, parts) if number else answers
        found = _data(answers)
        left = MOST_BYTES - sum(len(query["cells"]) for query in _queries(found))
        if left >= 0:
            break
    _keep_levels(found, left)
    return found


def _cut(answers: Answers, rows: int, parts: int) -> Answers:
    """Leave so many rows and parts of a visual, and no level below."""
    source = replace(answers.source, most_rows=rows, most_parts=parts)
    pages = [
        [
            {name: cut(each, visual.parts[name], _slicers(page, visual), source) for name, each in of_visual.items()}
            for visual, of_visual in zip(page.visual, of_page, strict=True)
        ]
        for page, of_page in zip(source.report.pages, answers.parts, strict=True)
    ]
    return Answers(source, pages, [[[] for _ in page.visual] for page in source.report.pages])


def _keep_levels(found: Mapping[str, Any], left: int) -> None:
    """Keep what can be drilled down to, page by page, as far as so many bytes are left."""
    for visual in (visual for page in found["visuals"] for visual in page):
        sizes = accumulate(len(level["query"]["cells"]) for level in visual["down"])
        kept = [size for size in sizes if size <= left]
        visual["down"] = visual["down"][: len(kept)]
        left -= kept[-1] if kept else 0


def _queries(found: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    return (query for page in found["visuals"] for visual in page for query in visual["queries"].values())


def _data(answers: Answers) -> dict[str, Any]:
    source, pages, levels = answers.source, answers.parts, answers.levels
    report = source.report
    every = [each for page in pages for parts in page for each in parts.values()]
    every += [level.asked for page in levels for found in page for level in found]
    columns = dict.fromkeys(column for page in report.pages for column in page.slicers[:MOST_SLICERS])
    slicers = slicers_of(columns, every, source)
    months = sorted({month for each in every if each.parted for month in each.parted.months})
    shown = list(dict.fromkeys(name for each in every for name in each.measures))
    packer = _Packer(source, slicers, months, shown)
    return {
        "slicers": [slicer.told() for slicer in slicers],
        "months": [packing.month_name(month) for month in months],
        "measures": [_measure(report.measures[name], report) for name in shown],
        "pages": [packer.page(page, found) for page, found in zip(report.pages, pages, strict=True)],
        "visuals": [
            [packer.visual(*each) for each in zip(page.visual, found, below, strict=True)]
            for page, found, below in zip(report.pages, pages, levels, strict=True)
        ],
    }


def _slicers(page: Page, visual: Visual) -> list[str]:
    return list(dict.fromkeys([*([visual.panels] if visual.panels else []), *page.slicers[:MOST_SLICERS]]))


def _asked(page: Page, visual: Visual, source: Source) -> dict[str, Asked]:
    """Ask for the parts of a visual. Its panels are the members of one more slicer, which it answers to first."""
    slicers = _slicers(page, visual)
    with _told(page, visual):
        return {name: asked(part, slicers, source) for name, part in visual.parts.items()}


def _levels(page: Page, visual: Visual, below: Sequence[Lower], source: Source) -> list[Level]:
    """Ask for the levels below a visual's axis, as far as they are not too large."""
    with _told(page, visual):
        found = (level_of(each, source) for each in below)
        return [level for level in takewhile(bool, found) if level]


@contextmanager
def _told(page: Page, visual: Visual) -> Iterator[None]:
    """Say of which visual an error is."""
    try:
        yield
    except EtlError as error:
        where = f"page {page.name}, visual “{visual.title}”"
        raise type(error)(f"{where}: {error.message}", error.hint, transient=error.transient) from None


def _measure(measure: Measure, report: Report) -> dict[str, Any]:
    told = {"name": measure.name, "format": measure.format, "meaning": measure.meaning}
    return {**told, "currency": report.currency if measure.money else None}


class _Packer:
    """Puts what was asked into what the page takes, where slicers, months and measures are named by their places."""

    def __init__(self, source: Source, slicers: Sequence[Slicer], months: Sequence[int], shown: Sequence[str]) -> None:
        self._report, self._composer = source.report, source.composer
        self._slicers, self._months, self._shown = slicers, months, shown
        self._numbers = {slicer.column: number for number, slicer in enumerate(slicers)}

    def page(self, page: Page, found: Sequence[Mapping[str, Asked]]) -> dict[str, Any]:
        numbers = [self._numbers[column] for column in page.slicers[:MOST_SLICERS]]
        every = [each for parts in found for each in parts.values()]
        mode = "parts" if numbers and any(each.parted for each in every) else "single"
        months = offered_months(self._months, every) if mode == "parts" else []
        members = [offered(self._slicers[number], every, self._composer) for number in numbers]
        note = NOTES[mode] if numbers else ""
        return {"slicers": numbers, "offered": members, "months": months or None, "mode": mode, "note": note}

    def visual(self, visual: Visual, parts: Mapping[str, Asked], levels: Sequence[Level]) -> dict[str, Any]:
        queries = {name: self._query(each) for name, each in parts.items()}
        down = [
            {"under": [self._numbers[column] for column in level.above], "query": self._query(level.asked)}
            for level in levels
        ]
        told = {**vocabulary(visual, self._report), "kind": visual.kind, "queries": queries, "down": down}
        return {**told, "panel_members": self._panel_members(visual, parts["main"])} if visual.panels else told

    def _panel_members(self, visual: Visual, main: Asked) -> list[Any]:
        """Return the members of the panels' slicer by place; none where the panels have too many rows to be asked."""
        is_asked = visual.panels in main.slicers
        return [plain(value) for value in self._slicers[self._numbers[str(visual.panels)]].values] if is_asked else []

    def _query(self, each: Asked) -> dict[str, Any]:
        numbers, codes = self._numbers, [*each.axis]
        own = self._slicers[numbers[each.by]] if each.by in numbers else None
        slicers = [self._slicers[numbers[column]] for column in each.slicers]
        return {
            "measures": [self._shown.index(name) for name in each.measures],
            "by": friendly(each.by.partition(".")[2]) if each.by else None,
            "labels": [plain(each.axis[code]) for code in codes] if each.by else None,
            "chooses": own and {"slicer": numbers[own.column], "members": [own.places.get(code) for code in codes]},
            "reach": [numbers[column] for column in each.slicers],
            "unreached": {numbers[column]: places for column, places in each.unreached.items() if column in numbers},
            "cells": packing.packed(packing.cells(each, slicers, self._months, self._report)),
        }
