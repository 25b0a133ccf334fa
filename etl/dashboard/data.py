"""What the dashboard answers from: its slicers, and each visual's numbers under every choice, packed.

Values are packed as they are shown: rounded to the places of the measure's format, so that whoever writes them in that
format writes what SQL said. etl/dashboard/cells.js unpacks them.
"""

import base64
import gzip
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite
from typing import Any

import pyarrow as pa

from etl.company.measure import Measure
from etl.company.pages import Page, Visual
from etl.company.report import Report
from etl.contract.table import Contract
from etl.core.errors import ContractError, EtlError
from etl.dashboard import formats
from etl.dashboard.asked import MOST_SLICERS, Asked, asked
from etl.dashboard.picture import Value
from etl.dashboard.words import vocabulary
from etl.report.cells import ALL, NO_MEMBER, Cells
from etl.report.names import friendly
from etl.report.sql import Composer

Read = Callable[[str], pa.Table]
NONE = "(none)"
"""What a slicer calls the rows that have no member."""
_EXACT_IN_JS = 2**53
_TAKEN = ("from", "to")
"""What the page's address says besides the slicers."""
LOOKUPS = "Choose one of each: every figure is looked up among those that were computed beforehand."


@dataclass(frozen=True)
class Slicer:
    """A column that is chosen by. key: its name in the page's address; members: labels, and places by code."""

    column: str
    key: str
    members: tuple[str, ...]
    places: Mapping[int, int]
    is_period: bool


def data(report: Report, contracts: Mapping[str, Contract], composer: Composer, read: Read) -> dict[str, Any]:
    """Ask for all that the pages answer. Pages and visuals are lists, in the report's order."""
    pages = [[_asked(page, visual, composer, read) for visual in page.visual] for page in report.pages]
    every = [each for page in pages for parts in page for each in parts.values()]
    slicers = _slicers(report.pages, every, composer, contracts, read)
    numbers = {slicer.column: number for number, slicer in enumerate(slicers)}
    shown = list(dict.fromkeys(name for each in every for name in each.measures))
    return {
        "slicers": [_slicer(slicer) for slicer in slicers],
        "months": [],
        "measures": [_measure(report.measures[name], report) for name in shown],
        "pages": [
            {"slicers": [numbers[c] for c in page.slicers[:MOST_SLICERS]], "mode": "single", "note": LOOKUPS}
            for page in report.pages
        ],
        "visuals": [
            [_visual(visual, parts, shown, slicers, report) for visual, parts in zip(page.visual, of_page, strict=True)]
            for page, of_page in zip(report.pages, pages, strict=True)
        ],
    }


def _asked(page: Page, visual: Visual, composer: Composer, read: Read) -> dict[str, Asked]:
    """Ask for the parts of a visual. Its panels are the members of one more slicer, which it answers to first."""
    slicers = list(dict.fromkeys([*([visual.panels] if visual.panels else []), *page.slicers[:MOST_SLICERS]]))
    try:
        return {name: asked(part, slicers, composer, read) for name, part in visual.parts.items()}
    except EtlError as error:
        where = f"page {page.name}, visual “{visual.title}”, under a choice"
        raise type(error)(f"{where}: {error.message}", error.hint, transient=error.transient) from None


def _visual(
    visual: Visual, parts: Mapping[str, Asked], shown: Sequence[str], slicers: Sequence[Slicer], report: Report
) -> dict[str, Any]:
    queries = {name: _query(each, shown, slicers, report) for name, each in parts.items()}
    return {**vocabulary(visual, report), "kind": visual.kind, "queries": queries}


def _slicer(slicer: Slicer) -> dict[str, Any]:
    return {
        "column": slicer.column,
        "key": slicer.key,
        "label": friendly(slicer.column.partition(".")[2].removesuffix("_name")),
        "members": slicer.members,
        "period": slicer.is_period,
    }


def _measure(measure: Measure, report: Report) -> dict[str, Any]:
    return {
        "name": measure.name,
        "format": measure.format,
        "meaning": measure.meaning,
        "currency": report.currency if measure.money else None,
    }


def _slicers(
    pages: Iterable[Page], queries: Sequence[Asked], composer: Composer, contracts: Mapping[str, Contract], read: Read
) -> list[Slicer]:
    """Ask for the members of the slicers: those that there is anything of."""
    columns = list(dict.fromkeys(column for page in pages for column in page.slicers[:MOST_SLICERS]))
    columns = list(dict.fromkeys([*columns, *(column for each in queries for column in each.slicers)]))
    keys = _keys(columns)
    found: dict[str, set[int]] = {column: set() for column in columns}
    for each in queries:
        for place, column in enumerate(each.slicers):
            found[column] |= {context[place] for context in each.contexts}
    made = []
    for column in columns:
        table = read(Cells(composer, [], 0, None, ()).members(column))
        labels = dict(zip(*(table.column(name).to_pylist() for name in ("code", "label")), strict=True))
        codes = sorted(found[column] - {ALL}, key=lambda code: _order(labels[code]))
        members = tuple(NONE if code == NO_MEMBER else formats.label(labels[code]) for code in codes)
        places = {ALL: ALL} | {code: place for place, code in enumerate(codes)}
        made.append(Slicer(column, keys[column], members, places, _is_calendar(contracts[column.partition(".")[0]])))
    return made


def _order(label: Value) -> tuple[bool, Any]:
    """Order members: numbers and days by what they are, texts in no case, what has no name last."""
    return (label is None, "" if label is None else label.casefold() if isinstance(label, str) else label)


def _keys(columns: Sequence[str]) -> dict[str, str]:
    """Name slicers in an address: by their columns, and by their tables, too, where that is no name of one."""
    short = {column: column.partition(".")[2].removesuffix("_name") for column in columns}
    clear = {c: k for c, k in short.items() if [*short.values(), *_TAKEN].count(k) == 1}
    return {c: clear.get(c, f"{re.sub('^(dim|fact)_', '', c.partition('.')[0])}_{short[c]}") for c in columns}


def _is_calendar(contract: Contract) -> bool:
    keys = [column for column in contract.columns if column.name in contract.natural_key]
    return contract.is_dimension and len(keys) == 1 and pa.types.is_date(keys[0].type)


def _query(each: Asked, shown: Sequence[str], slicers: Sequence[Slicer], report: Report) -> dict[str, Any]:
    numbers = {slicer.column: number for number, slicer in enumerate(slicers)}
    codes = list(each.axis)
    own = slicers[numbers[each.by]] if each.by in numbers else None
    return {
        "measures": [shown.index(name) for name in each.measures],
        "by": friendly(each.by.partition(".")[2]) if each.by else None,
        "labels": [formats.label(each.axis[code]) for code in codes] if each.by else None,
        "chooses": own and {"slicer": numbers[own.column], "members": [own.places.get(code) for code in codes]},
        "reach": [numbers[column] for column in each.slicers],
        "unreached": {numbers[column]: places for column, places in each.unreached.items() if column in numbers},
        "cells": packed(_cells(each, [slicers[numbers[c]] for c in each.slicers], report)),
    }


def _cells(each: Asked, slicers: Sequence[Slicer], report: Report) -> dict[str, Any]:
    """Set the rows of all contexts in columns: equal neighbours pack well."""
    places = {code: place for place, code in enumerate(each.axis)}
    contexts = sorted(each.contexts)
    rows = [row for context in contexts for row in each.contexts[context]]
    values = [
        column([row[place] for row in rows], report.measures[name].format)
        for place, name in enumerate(each.measures, start=1)
    ]
    return {
        "contexts": [[s.places[context[n]] for context in contexts] for n, s in enumerate(slicers)],
        "rows": [len(each.contexts[context]) for context in contexts],
        "axis": [places[row[0]] for row in rows] if each.by else None,
        "values": values,
        "nowhere": None
        if each.nowhere is None
        else [
            column([value], report.measures[name].format)
            for value, name in zip(each.nowhere[1:], each.measures, strict=True)
        ],
    }


def column(values: Sequence[Value], number_format: str) -> dict[str, Any]:
    """Pack a measure's values: whole numbers of its last decimal place; or, where they are none, as they are."""
    places = formats.places(number_format)
    if places is None or not all(value is None or formats.is_number(value) for value in values):
        return {"places": None, "of": [_plain(value, number_format) for value in values]}
    return {"places": places, "of": [value if value is None else _whole(value, places) for value in values]}


def _whole(value: Value, places: int) -> int | str:
    """Return a number in units of its last shown place; as a text where JavaScript's numbers end."""
    if isinstance(value, float) and not isfinite(value):
        raise ContractError(f"A measure is {value}.", "Divide by NULLIF(…, 0) in its sql.")
    whole = int(formats.rounded(Decimal(str(value)), places).scaleb(places))
    return whole if abs(whole) < _EXACT_IN_JS else str(whole)


def _plain(value: Value, number_format: str) -> Any:
    """Return what is no number as it is shown; numbers that are shown as they are, truth values and nothing stay."""
    if value is None or isinstance(value, bool | int):
        return value
    return f"{Decimal(str(value)):f}" if formats.is_number(value) else formats.shown(value, number_format)


def packed(content: Mapping[str, Any]) -> str:
    """Pack a text: the same bytes for the same content."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(gzip.compress(text.encode(), 9, mtime=0)).decode()
