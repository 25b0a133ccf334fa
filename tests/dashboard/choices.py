"""A report that was asked for all choices, and what its page and what SQL say of one of them, as it is shown."""

import datetime as dt
import itertools
import json
import random
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pytest

from config.paths import ROOT
from etl.company.pages import Visual
from etl.company.report import Report
from etl.contract.table import Contract
from etl.dashboard import formats
from etl.dashboard.answers import asked_rows, named
from etl.dashboard.data import data
from etl.dashboard.slicers import calendar_of
from etl.report.levels import levels_below
from etl.report.read import Read
from etl.report.sql import Composer

NEEDED = pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node")
SCRIPT = ROOT / "etl/dashboard/scripts/cells.js"

Choices = Mapping[str, Any]
"""As the page has them: places of members by slicer, and the places of the first and last of the months."""
Ask = tuple[int, Choices]


@dataclass(frozen=True)
class Asked:
    """A report, whom it asks, and what the page is handed."""

    report: Report
    contracts: Mapping[str, Contract]
    read: Read
    given: Mapping[str, Any]

    @classmethod
    def of(cls, report: Report, contracts: Mapping[str, Contract], read: Read) -> Self:
        """Ask for all choices."""
        return cls(report, contracts, read, data(report, contracts, read))

    @cached_property
    def visuals(self) -> list[Visual]:
        """All parts of all visuals that have no panels."""
        every = (visual for page in self.report.pages for visual in page.visual)
        return [part for visual in every for part in visual.parts.values()]

    @cached_property
    def queries(self) -> list[Mapping[str, Any]]:
        """What each of them is answered from."""
        return [q for page in self.given["visuals"] for visual in page for q in visual["queries"].values()]

    def reached(self, number: int) -> list[int]:
        """Name the slicers to which all measures of a visual answer."""
        query = self.queries[number]
        return [slicer for slicer in query["reach"] if not query["unreached"].get(slicer)]

    def contexts(self, number: int) -> list[Choices]:
        """List all single choices of a visual: of each slicer that it answers to one member, or all."""
        slicers = self.reached(number)
        members = [[None, *range(len(self.given["slicers"][slicer]["members"]))] for slicer in slicers]
        return [
            {str(s): [m] for s, m in zip(slicers, context, strict=True) if m is not None}
            for context in itertools.product(*members)
        ]

    def several(self, number: int, draw: random.Random) -> Choices:
        """Draw several members of some slicers, and a range of months, if one of the measures answers to them."""
        chosen: dict[str, Any] = {}
        for slicer in self.queries[number]["reach"]:
            count = len(self.given["slicers"][slicer]["members"])
            if draw.random() < 0.5:
                chosen[str(slicer)] = draw.sample(range(count), draw.randrange(1, count + 1))
        if draw.random() < 0.5 and self.given["months"] and self._answers_to_months(number):
            chosen["months"] = sorted(draw.choices(range(len(self.given["months"])), k=2))
        return chosen

    def _answers_to_months(self, number: int) -> bool:
        composer, measures = Composer(self.report, self.contracts), self.visuals[number].measures
        return any(composer.is_answer(name, [str(calendar_of(self.contracts))]) for name in measures)

    def filters(self, choices: Choices) -> dict[str, list[Any]]:
        """Return what SQL is to choose."""
        chosen: dict[str, list[Any]] = {}
        for number, members in choices.items():
            if number != "months":
                slicer = self.given["slicers"][int(number)]
                chosen[slicer["column"]] = [self._value(slicer["members"][n], slicer["column"]) for n in members]
        if months := choices.get("months"):
            named = self.given["months"][months[0] : months[1] + 1]
            calendar = str(calendar_of(self.contracts))
            chosen[calendar] = [day for day in self._days if f"{day:%Y-%m}" in named]
        return chosen

    @cached_property
    def _days(self) -> list[dt.date]:
        table, _, column = str(calendar_of(self.contracts)).partition(".")
        sql = f"SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL ORDER BY 1"
        days: list[dt.date] = self.read(sql).column(0).to_pylist()
        return days

    def _value(self, member: str, column: str) -> Any:
        """Return the value that a member's label stands for."""
        table, _, name = column.partition(".")
        kind = self.contracts[table].schema.field(name).type
        if member == formats.NONE:
            return None
        if pa.types.is_boolean(kind):
            return member == "Yes"
        return int(member) if pa.types.is_integer(kind) else member.replace(formats.EMPTY, "")

    def expected(self, number: int, choices: Choices) -> list[list[str]]:
        """Ask SQL for the texts that are to be shown."""
        visual, composer = self.visuals[number], Composer(self.report, self.contracts)
        rows = asked_rows(visual, composer, self.read, self.filters(choices))
        called = named(visual, rows, composer, self.read)
        return [[_folded(label), *self._texts(visual, values)] for label, *values in called]

    def shown(self, number: int, answer: Mapping[str, Any]) -> list[list[str]]:
        """Write an answer of the page's as it is shown."""
        labels = [*map(_value_of, self.queries[number]["labels"] or ())]
        return [
            [_folded(None if row[0] is None else labels[row[0]]), *self._texts(self.visuals[number], row[1:])]
            for row in answer["rows"]
        ]

    def _texts(self, visual: Visual, values: Sequence[Any]) -> list[str]:
        forms = [self.report.measures[name].format for name in visual.measures]
        return [_text(value, form) for value, form in zip(values, forms, strict=True)]

    def compare(self, asks: Sequence[Ask], answers: Sequence[Mapping[str, Any]]) -> None:
        """Hold the page's answers against SQL's."""
        for (number, choices), answer in zip(asks, answers, strict=True):
            expected = self.expected(number, choices)
            assert self.shown(number, answer) == expected, (self.visuals[number].measures, self.filters(choices))


class Drilled(Asked):
    """The same of what its visuals can be drilled down to: of each level above the shown one a member is chosen."""

    @cached_property
    def _levels(self) -> list[tuple[Visual, str, Mapping[str, Any]]]:
        """List the levels: of which visual, the column, and what the page is handed."""
        visuals = (visual for page in self.report.pages for visual in page.visual)
        told = (visual["down"] for page in self.given["visuals"] for visual in page)
        return [
            (visual, column, level)
            for visual, down in zip(visuals, told, strict=True)
            for column, level in zip(levels_below(visual, self.report, self.contracts), down, strict=False)
        ]

    @cached_property
    def visuals(self) -> list[Visual]:
        """The visuals as SQL has them by a lower level."""
        return [visual.model_copy(update={"by": column, "names": None}) for visual, column, _ in self._levels]

    @cached_property
    def queries(self) -> list[Mapping[str, Any]]:
        """What each of them is answered from."""
        return [level["query"] for _, _, level in self._levels]

    def contexts(self, number: int) -> list[Choices]:
        """List the choices with a member of each level above."""
        under = {str(slicer) for slicer in self._levels[number][2]["under"]}
        return [context for context in super().contexts(number) if under <= {*context}]


def _text(value: Any, form: str) -> str:
    return formats.shown(_value_of(value), form)


def _value_of(sent: Any) -> Any:
    """Return the value that the page is handed so: numbers by their digits are no texts."""
    return Decimal(sent["exact"]) if isinstance(sent, dict) else sent


def _folded(label: Any) -> str:
    return formats.member(label).strip().upper()


def answered(queries: Sequence[Mapping[str, Any]], asks: Sequence[Ask]) -> list[Any]:
    """Let the page's script answer."""
    done = subprocess.run(
        ["node", Path(__file__).with_name("answer.cjs"), SCRIPT],
        input=json.dumps({"queries": queries, "asks": asks}),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    answers: list[Any] = json.loads(done.stdout)
    return answers
