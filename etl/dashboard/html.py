"""The dashboard as one HTML file that asks nothing of a network: texts, tables and charts, with the library in it.

Cards and tables are HTML as it is; draw.js makes tabs of the pages, and draws a chart where a table stands. So whoever
has no JavaScript, or reads by ear, has the same numbers.
"""

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from etl.dashboard import beside, formats
from etl.dashboard.picture import Page, Picture, Value, Visual

_HERE = Path(__file__).parent
_CHARTS = ("line", "column", "bar")


def html(picture: Picture) -> str:
    """Draw a picture: one file, the same bytes for the same picture."""
    anchors = _anchors(picture.pages)
    charts = {
        name: _chart(visual)
        for anchor, page in zip(anchors, picture.pages, strict=True)
        for name, visual in _named(anchor, page.visuals)
        if visual.kind in _CHARTS and visual.rows
    }
    return (
        _templates()
        .get_template("page.html")
        .render(
            picture=picture,
            pages=list(zip(anchors, picture.pages, strict=True)),
            charts=charts,
            scripts=[Script(_text("echarts/echarts.common.min.js")), Script(_text("draw.js"))],
            style=Markup(_text("style.css")),  # noqa: S704 our own file
            licence=f"{_text('echarts/NOTICE')}\n{_text('echarts/LICENSE')}",
        )
    )


@dataclass(frozen=True)
class Script:
    """A script of ours or the library's, which the page's policy admits by its hash."""

    source: str

    def __html__(self) -> str:
        """Stand in a page as it is."""
        return self.source

    @property
    def digest(self) -> str:
        """Return the hash by which a Content-Security-Policy names it."""
        return "sha256-" + base64.b64encode(hashlib.sha256(self.source.encode()).digest()).decode()


@cache
def _templates() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"shown": formats.shown, "label": formats.label}
    made.filters |= {"judged": beside.judged, "changed": beside.changed, "path": beside.path}
    made.globals["columns"] = _columns
    return made


def _text(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _anchors(pages: tuple[Page, ...]) -> list[str]:
    """Name each page in links: by its name, or its number where that is nothing or is taken.

    Every other id in the page has an underscore, so that none is taken twice.
    """
    anchors: list[str] = []
    for number, page in enumerate(pages, start=1):
        name = re.sub(r"[^a-z0-9]+", "-", page.name.lower()).strip("-")
        anchors.append(name if name and name not in anchors else f"page_{number}")
    return anchors


def _named(owner: str, visuals: tuple[Visual, ...]) -> Iterator[tuple[str, Visual]]:
    """Name the visuals, and their panels, as the page does."""
    for number, visual in enumerate(visuals, start=1):
        yield f"{owner}_{number}", visual
        yield from _named(f"{owner}_{number}", visual.panels)


def _columns(visual: Visual) -> list[str]:
    """Return how each measure's column is set in a table."""
    return [_column([row[place] for row in visual.rows]) for place in range(1, len(visual.series) + 1)]


def _column(column: list[Value]) -> str:
    """Return how a column is set, whose NULLs are set as the rest is."""
    values = [value for value in column if value is not None]
    if all(formats.is_number(value) for value in values):
        return "number"
    return "time" if all(isinstance(value, date) for value in values) else "text"


def _chart(visual: Visual) -> dict[str, Any]:
    """Return what a chart is drawn from: the texts as the table has them; floats only for the lengths.

    Measures of one format share an axis; those of another one have one of their own.
    """
    kinds = list(dict.fromkeys(series.number_format for series in visual.series))
    return {
        "kind": visual.kind,
        "labels": [formats.label(row[0]) for row in visual.rows],
        "series": [
            {
                "name": series.name,
                "percent": formats.is_percent(series.number_format),
                "axis": min(kinds.index(series.number_format), 1),
                "values": [formats.drawn(row[place]) for row in visual.rows],
                "shown": [formats.shown(row[place], series.number_format) for row in visual.rows],
            }
            for place, series in enumerate(visual.series, start=1)
        ],
    }
