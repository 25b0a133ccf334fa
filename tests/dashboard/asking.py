"""A picture that can be asked: a small company's contracts, summed in Python under every single choice."""

import base64
import datetime as dt
import gzip
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from etl.dashboard.picture import Page, Picture, Series, Value, Visual

CHANNELS = ("Partner", "Team & co", "Web")
REGIONS = (*(f"Region {letter}" for letter in "ABCDEFGHIJK"), "=1+1")
YEARS = ("2025", "2026")
MONTHS = tuple(f"{year}-{month:02}" for year in YEARS for month in range(1, 13))
SLICERS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("year", "Year", YEARS),
    ("channel", "Channel", CHANNELS),
    ("region", "Region", REGIONS),
)
YEAR, CHANNEL, REGION = range(3)
Chosen = Mapping[int, int]
"""By slicer, the member that is chosen."""

CONTRACTS = [
    (number % 2, number * 7 % 3, number * 5 % 12, number // 7 % 12, Decimal(number * 7_919 % 900_001) / 100)
    for number in range(1, 400)
    if (number * 7 % 3, number * 5 % 12) != (2, 1)  # region B never bought on the web
]
"""Year, channel, region, month and revenue."""
REVENUE = Series("Revenue", '"€"#,0.00', "What contracts bring in.")
COUNT = Series("Contracts", "#,0", "How many.")
VISITS = Series("Visits", "#,0", "Visits to the web site, which know no channel and no region.")


def contracts(chosen: Chosen) -> list[tuple[int, int, int, int, Decimal]]:
    """Choose contracts."""
    return [row for row in CONTRACTS if all(row[slicer] == member for slicer, member in chosen.items())]


def numbers(chosen: Chosen) -> tuple[Value, Value]:
    """Give revenue and count; nothing of no contracts."""
    rows = contracts(chosen)
    return (sum((row[4] for row in rows), Decimal(0)), len(rows)) if rows else (None, None)


def visits(chosen: Chosen) -> int | None:
    """Give the visits of a year, or of both."""
    if {CHANNEL, REGION} & {*chosen}:
        return None
    return 1_000 * (1 + chosen[YEAR]) if YEAR in chosen else 3_000


def figures(chosen: Chosen) -> list[tuple[Value, ...]]:
    """Give the row of the card."""
    return [(None, *numbers(chosen), visits(chosen))]


def by(slicer: int, members: Sequence[str]) -> Callable[[Chosen], list[tuple[Value, ...]]]:
    """Give what computes rows by a slicer's members, the greatest first."""

    def rows(chosen: Chosen) -> list[tuple[Value, ...]]:
        own = [m for m in range(len(members)) if chosen.get(slicer, m) == m and contracts({**chosen, slicer: m})]
        found = [(members[m], *numbers({**chosen, slicer: m})) for m in own]
        return sorted(found, key=lambda row: -Decimal(str(row[1])))

    return rows


def by_month(chosen: Chosen) -> list[tuple[Value, ...]]:
    """Compute rows by month, in their order."""
    found: dict[str, Decimal] = {}
    for year, _, _, month, revenue in contracts(chosen):
        name = MONTHS[year * 12 + month]
        found[name] = found.get(name, Decimal(0)) + revenue
    return sorted(found.items())


def visits_by_month(chosen: Chosen) -> list[tuple[Value, ...]]:
    """Compute visits by month, which know only the year."""
    years = [chosen[YEAR]] if YEAR in chosen else [0, 1]
    return [(MONTHS[12 * year + month], 80 * (year + 1) + month) for year in years for month in range(12)]


def _packed(content: Mapping[str, Any]) -> str:
    return base64.b64encode(gzip.compress(json.dumps(content).encode(), mtime=0)).decode()


def _column(values: list[Value], series: Series) -> dict[str, Any]:
    places = 2 if series.number_format.endswith(".00") else 0
    return {"places": places, "of": [v if v is None else int(Decimal(str(v)).scaleb(places)) for v in values]}


def query(
    series: Sequence[Series],
    axis: tuple[str, int | None] | None,
    reach: Sequence[int],
    rows_of: Callable[[Chosen], list[tuple[Value, ...]]],
    unreached: Mapping[int, list[int]] | None = None,
) -> dict[str, Any]:
    """Make a query with the rows of each choice. axis: its name, and the slicer that it is, if any."""
    members = [[-1, *range(len(SLICERS[slicer][2]))] for slicer in reach]
    contexts = [
        (codes, rows)
        for codes in itertools.product(*members)
        if (rows := rows_of({s: c for s, c in zip(reach, codes, strict=True) if c >= 0}))
    ]
    rows = [row for _, found in contexts for row in found]
    labels = list(dict.fromkeys(str(row[0]) for row in rows)) if axis else None
    slicer = axis[1] if axis else None
    return {
        "measures": list(range(len(series))),
        "by": axis and axis[0],
        "labels": labels,
        "chooses": slicer
        if slicer is None
        else {"slicer": slicer, "members": [SLICERS[slicer][2].index(label) for label in labels or ()]},
        "reach": list(reach),
        "unreached": dict(unreached or {}),
        "cells": _packed(
            {
                "contexts": [[codes[n] for codes, _ in contexts] for n in range(len(reach))],
                "rows": [len(found) for _, found in contexts],
                "axis": [labels.index(str(row[0])) for row in rows] if labels else None,
                "values": [_column([row[n] for row in rows], one) for n, one in enumerate(series, start=1)],
                "nowhere": None,
                "parts": None,
            }
        ),
    }


_ALL = (YEAR, CHANNEL, REGION)
_CARD = (REVENUE, COUNT, VISITS)
_TOLD: list[tuple[Any, ...]] = [
    # kind, title, series, axis, reach, rows, unreached
    ("card", "All in all", _CARD, None, _ALL, figures, {CHANNEL: [2], REGION: [2]}),
    (
        "bar",
        "By channel",
        (REVENUE,),
        ("Channel", CHANNEL),
        _ALL,
        lambda c: [r[:2] for r in by(CHANNEL, CHANNELS)(c)],
        {},
    ),
    ("table", "By region", (REVENUE, COUNT), ("Region", REGION), _ALL, by(REGION, REGIONS), {}),
    ("line", "By month", (REVENUE,), ("Month", None), _ALL, by_month, {}),
    ("column", "Visits by month", (VISITS,), ("Month", None), (YEAR,), visits_by_month, {CHANNEL: [0], REGION: [0]}),
]


def _visual(told: tuple[Any, ...]) -> Visual:
    kind, title, series, axis, _, rows_of, _ = told
    return Visual(kind, title, f"{title}.", 6, axis and axis[0], series, tuple(rows_of({})))


def _asked(told: tuple[Any, ...], reach: Sequence[int]) -> dict[str, Any]:
    kind, _, series, axis, own, rows_of, unreached = told
    main = query(series, axis, [s for s in own if s in reach], rows_of, unreached)
    return {"kind": kind, "queries": {"main": main}, "down": _DOWN.get((kind, reach), [])}


def _level(series: Sequence[Series], axis: tuple[str, int | None], under: Sequence[int], rows_of: Any) -> Any:
    """Make a level that is drilled down to: of each slicer above one member is chosen."""

    def rows(chosen: Chosen) -> list[tuple[Value, ...]]:
        return rows_of(chosen) if {*under} <= {*chosen} else []

    return {"under": list(under), "query": query(series, axis, [*under, *(s for s in _ALL if s not in under)], rows)}


def revenue_by_region(chosen: Chosen) -> list[tuple[Value, ...]]:
    """Compute the revenue by region, the greatest first."""
    return [row[:2] for row in by(REGION, REGIONS)(chosen)]


_DOWN = {
    ("bar", _ALL): [
        _level((REVENUE,), ("Region", REGION), (CHANNEL,), revenue_by_region),
        _level((REVENUE,), ("Month", None), (CHANNEL, REGION), by_month),
    ],
    ("table", (CHANNEL,)): [_level((REVENUE, COUNT), ("Channel", CHANNEL), (REGION,), by(CHANNEL, CHANNELS))],
}


def asked() -> Picture:
    """Make the picture: a page with all slicers, and one with the channel alone."""
    slicers = [
        {"column": f"dim_{key}.{key}", "key": key, "label": label, "members": members, "period": key == "year"}
        for key, label, members in SLICERS
    ]
    pages = (
        Page("Sales", "What was sold", tuple(map(_visual, _TOLD))),
        Page("Plan", "What is planned", (_visual(_TOLD[0]), _visual(_TOLD[2]))),
    )
    data = {
        "slicers": slicers,
        "months": [],
        "measures": [],
        "pages": [
            {"slicers": s, "offered": [None] * len(s), "months": None, "mode": "single", "note": ""}
            for s in (_ALL, (CHANNEL,))
        ],
        "visuals": [
            [_asked(told, _ALL) for told in _TOLD],
            [_asked(_TOLD[0], (CHANNEL,)), _asked(_TOLD[2], (CHANNEL,))],
        ],
    }
    return Picture(
        "Small Company", dt.datetime(2026, 3, 31, 0, 30, tzinfo=dt.UTC), True, "Made by hand.", pages, data=data
    )
