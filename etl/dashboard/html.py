"""The dashboard as one HTML file that asks nothing of a network: texts, tables and charts, with the library in it.

Cards and tables are HTML as it is; the scripts make tabs of the pages, draw charts where tables stand, and show what is
chosen. So whoever has no JavaScript has the same numbers, of all data.
"""

import base64
import hashlib
import re
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from etl.dashboard import beside, formats
from etl.dashboard.browser_data import data_of
from etl.dashboard.picture import Page, Picture, Value, Visual
from etl.docs.anchors import anchor_of

_HERE = Path(__file__).parent


SCRIPTS = (
    "echarts/echarts.common.min.js",
    "scripts/elements.js",
    "scripts/formats.js",
    "scripts/cells.js",
    "scripts/age.js",
    "scripts/csv.js",
    "scripts/state.js",
    "scripts/answers.js",
    "scripts/drill.js",
    "scripts/bar.js",
    "scripts/words.js",
    "scripts/sparks.js",
    "scripts/cards.js",
    "scripts/more.js",
    "scripts/tables.js",
    "scripts/chart_options.js",
    "scripts/charts.js",
    "scripts/paper.js",
    "scripts/tabs.js",
    "scripts/draw.js",
)
"""In the order in which they are run: each names what it needs of the ones before."""


def html(picture: Picture, dictionary: str | None = None) -> str:
    """Draw a picture: one file, the same bytes for the same picture. dictionary: the link to where measures are."""
    anchors = _anchors(picture.pages)
    return (
        _templates()
        .get_template("page.html")
        .render(
            picture=picture,
            dictionary=dictionary,
            pages=list(zip(anchors, picture.pages, strict=True)),
            data=data_of(picture, anchors),
            scripts=[Script(_text(name)) for name in SCRIPTS],
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
    made.filters |= {"shown": formats.shown, "label": formats.label, "member": formats.member, "css": _css}
    made.filters |= {"judged": beside.judged, "changed": beside.changed, "path": beside.path}
    made.filters |= {"entry": anchor_of, "instant": formats.instant}
    made.globals["columns"] = _columns
    made.policies["json.dumps_kwargs"] = {"ensure_ascii": False}  # and in our order: of pages, the first is shown first
    return made


def _text(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _css(text: str) -> Markup:
    """Write a text as one of CSS, whatever is in it."""
    letters = (letter if letter.isalnum() and letter.isascii() else f"\\{ord(letter):x} " for letter in text)
    return Markup(f'"{"".join(letters)}"')  # noqa: S704 only letters, digits and escapes


def _anchors(pages: tuple[Page, ...]) -> list[str]:
    """Name each page in links: by its name, and a number where that is nothing or is taken.

    Every other id in the page begins with an underscore, or with a page's and one, so that none is taken twice.
    """
    anchors: list[str] = []
    for number, page in enumerate(pages, start=1):
        name = re.sub(r"[^a-z0-9]+", "-", page.name.lower()).strip("-") or f"page-{number}"
        numbered = (name, *(f"{name}-{again}" for again in range(2, len(pages) + 2)))
        anchors.append(next(each for each in numbered if each not in anchors))
    return anchors


def _columns(visual: Visual) -> list[str]:
    """Return how each measure's column is set in a table."""
    return [_column([row[place] for row in visual.rows]) for place in range(1, len(visual.series) + 1)]


def _column(column: list[Value]) -> str:
    """Return how a column is set, whose NULLs are set as the rest is."""
    values = [value for value in column if value is not None]
    if all(formats.is_number(value) for value in values):
        return "number"
    return "time" if all(isinstance(value, date) for value in values) else "text"
