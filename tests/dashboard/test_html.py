import base64
import dataclasses
import datetime as dt
import hashlib
import json
import os
import subprocess
import sys
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from config.paths import ROOT
from etl.dashboard.html import html
from etl.dashboard.picture import Page, Picture, Series, Visual
from tests.dashboard.pictures import AS_OF, BEFORE, CLIENTS, PICTURE, REVENUE

ECHARTS = ROOT / "etl" / "dashboard" / "echarts"
SHA_256 = {
    "echarts.common.min.js": "61f13280aba3161f77fc801bf5f9c786f55f10432153a0683fc5cc0700b013d5",
    "LICENSE": "634293835b43a6dd2094fa39182a3d9a6b9ca43b7fdb9ac354e8037af2a3093a",
    "NOTICE": "d491d358344f842685c1b1585970999db65fe30ecf7ef3867af8814f4016c016",
}


class Read(HTMLParser):
    """What a browser would make of a page: elements with their attributes, and texts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = [""]
        self.scripts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.append((tag, dict(attrs)))
        self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        """Begin another text."""
        if tag == "script":
            self.scripts.append(self.texts[-1])
        self.texts.append("")

    def handle_data(self, data: str) -> None:
        """Note a text."""
        self.texts[-1] += data

    @property
    def tags(self) -> list[str]:
        """Give the elements' names."""
        return [tag for tag, _ in self.elements]

    @property
    def visuals(self) -> dict[str, dict[str, Any]]:
        """Give the data of the visuals."""
        data: dict[str, dict[str, Any]] = json.loads(self.scripts[0])["visuals"]
        return data


def everywhere(text: str) -> Picture:
    """Make a picture that has a text wherever it can have one."""
    series = Series(text, "General", text)
    rows = ((text, text), (text, 1))
    pages = (
        Page(
            text,
            text,
            (
                Visual("card", text, text, 12, None, (series,), ((None, text),)),
                Visual("bar", text, text, 6, text, (series,), rows),
                Visual("table", text, text, 6, text, (series,), rows),
            ),
        ),
    )
    return Picture(text, AS_OF, True, text, pages)


@pytest.fixture(scope="module")
def page() -> Read:
    """Give the page of the picture made by hand."""
    return Read(html(PICTURE))


PLAIN = Read(html(everywhere("a plain text")))


@hypothesis_settings(max_examples=60)
@given(
    st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), min_size=1)
    | st.text("<>&\"'/!-{}%# script\u2028", min_size=1)
)
def test_any_text_is_shown_and_never_obeyed(text: str) -> None:
    """Wherever a text stands, it is found as a text, and adds no element, attribute or script to a plain one's."""
    read = Read(html(everywhere(text)))
    assert read.tags == PLAIN.tags
    assert [list(attributes) for _, attributes in read.elements] == [
        list(attributes) for _, attributes in PLAIN.elements
    ]
    assert read.scripts[1:] == PLAIN.scripts[1:]
    places = [place for place, found in enumerate(PLAIN.texts) if found == "a plain text"]
    assert {read.texts[place] for place in places} == {text}
    assert [a["aria-label"] for _, a in read.elements if a.get("role") == "img"] == [text]
    assert [[row[0] for row in visual["rows"]] for visual in read.visuals.values()] == [[None], [text] * 2, [text] * 2]


def test_a_picture_is_drawn_the_same_to_the_byte() -> None:
    """A night that changes no number changes no byte: nothing depends on the clock, or on the order of a set."""
    code = (
        "import hashlib; from etl.dashboard.html import html; from tests.dashboard.pictures import PICTURE;"
        "print(hashlib.sha256(html(PICTURE).encode()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_three_years_of_days_fit_into_two_megabytes() -> None:
    """So large a file is still sent by mail and opened on a phone."""
    days = tuple((dt.date(2023, 1, 1) + dt.timedelta(days=n), Decimal(n * 1_000_003) / 7, None) for n in range(1_100))
    daily = Visual("line", "Revenue by day", "A line over the days.", 12, "Day", (REVENUE, BEFORE), days)
    pages = (Page("Days", "Day by day", (daily,) * 3), *PICTURE.pages * 3)
    assert len(html(dataclasses.replace(PICTURE, pages=pages)).encode()) < 2_000_000


def test_the_page_names_nothing_outside_itself(page: Read) -> None:
    """No element loads or links to anything but places in the page."""
    named = [attributes.get(name) for _, attributes in page.elements for name in ("src", "href", "action", "srcset")]
    assert {link for link in named if link and not link.startswith("#")} == {"data:,"}


def test_the_policy_admits_the_pages_own_scripts_and_no_others(page: Read) -> None:
    """Nothing may be loaded from anywhere, and a script runs only if its hash is named."""
    (policy,) = [str(a["content"]) for _, a in page.elements if a.get("http-equiv") == "Content-Security-Policy"]
    rules = dict(rule.strip().split(maxsplit=1) for rule in policy.split(";"))
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in page.scripts[1:]]
    assert rules["default-src"] == "'none'"
    assert rules["script-src"].split() == [f"'sha256-{digest}'" for digest in hashes]


def test_links_to_pages_are_their_names_and_each_is_another(page: Read) -> None:
    """A page without a Latin letter, or with another's name, is linked to by its number."""
    pages = tuple(dataclasses.replace(CLIENTS, name=name) for name in ("Sales Force", "sales force", "売上", "1_title"))
    read = Read(html(dataclasses.replace(PICTURE, pages=pages)))
    links = [a["href"] for tag, a in read.elements if tag == "a"]
    identities = [a["id"] for _, a in read.elements if "id" in a]
    assert links == ["#sales-force", "#sales-force-2", "#page-3", "#1-title"]
    assert len(identities) == len(set(identities))


def test_tables_of_several_nights_are_told_of(page: Read) -> None:
    """Who reads the figures is alarmed where they may not fit together; else told that they do."""
    torn = Read(html(dataclasses.replace(PICTURE, one_night=False)))
    alert = next(place for place, (_, attributes) in enumerate(torn.elements) if attributes.get("role") == "alert")
    assert torn.elements[alert][0] == "p"
    assert any("The tables are not of one night" in text for text in torn.texts)
    assert not any(attributes.get("role") == "alert" for _, attributes in page.elements)
    assert "Data as of " in page.texts
    assert "2026-03-31 00:30 UTC" in page.texts


def test_a_visual_without_rows_says_so(page: Read) -> None:
    """It is no empty chart that leaves one guessing."""
    assert page.texts.count("There are no rows to show.") == 1
    assert [name for name, visual in page.visuals.items() if not visual["rows"]] == ["clients_6"]


def test_the_scripts_are_handed_exact_values(page: Read) -> None:
    """Decimals and times are texts; a float is nowhere on the way to what a reader sees."""
    assert page.visuals["income_1"]["rows"] == [
        [None, {"exact": "10234567890123456.785"}, 1204311, {"exact": "0.98765"}, None]
    ]
    assert page.visuals["income_3"]["rows"][0] == [
        *("Compute", {"exact": "-1234.565"}, {"exact": "1.1"}, True, "2026-01-02 03:04 UTC")
    ]
    assert [series["format"] for series in page.visuals["clients_5"]["series"]] == ["#,0", "0.0%"]


def test_the_chart_library_is_the_published_one_with_its_licence() -> None:
    """Apache ECharts 6.1.0, byte for byte, and its licence goes with it into every dashboard."""
    found = {name: hashlib.sha256((ECHARTS / name).read_bytes()).hexdigest() for name in SHA_256}
    page = Read(html(PICTURE))
    assert found == SHA_256
    assert (ECHARTS / "echarts.common.min.js").read_text() == page.scripts[1]
    assert any((ECHARTS / "LICENSE").read_text() in text for text in page.texts)
    assert any("Copyright 2017-2026 The Apache Software Foundation" in text for text in page.texts)


@pytest.mark.parametrize(
    "as_of", [AS_OF, AS_OF.replace(tzinfo=None), AS_OF.astimezone(dt.timezone(dt.timedelta(hours=-5)))]
)
def test_the_age_is_counted_from_an_instant(as_of: dt.datetime) -> None:
    """A time without a zone is UTC: the reader's clock would take it for the time at the reader's place."""
    read = Read(html(dataclasses.replace(PICTURE, as_of=as_of)))
    (time,) = [attributes["datetime"] for tag, attributes in read.elements if tag == "time"]
    assert time == "2026-03-31T00:30:00+00:00"
