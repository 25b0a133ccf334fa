"""What formats.js writes in a browser is what formats.py writes, letter by letter."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page

from config.paths import ROOT
from etl.dashboard.formats import label, member, shown
from etl.dashboard.picture import Value
from etl.dashboard.plain import plain

FORMATS = [
    f"{sign}{unit}{pattern}{places}{share}" + (f";-{unit}{pattern}{places}{share}" if sign else "")
    for sign in ("", "+")
    for unit in ("", '"€"', '"CHF\N{NO-BREAK SPACE}"')
    for pattern in ("#,0", "#,##0", "0")
    for places in ("", ".0", ".00", ".0000")
    for share in ("", "%")
]
OTHERS = ["General", "yyyy-mm-dd", "yyyy-mm-dd hh:mm"]
RESERVED = ["(none)", " (None) ", "“(none)”", "(empty)", "“(EMPTY)", "(nothing)", "\t(none)", "(none)\n"]
ZONES = st.sampled_from([dt.UTC, dt.timezone(dt.timedelta(hours=-6)), dt.timezone(dt.timedelta(hours=5.5))])
TIMES = st.datetimes(dt.datetime(1000, 1, 2), dt.datetime(9998, 12, 30))
NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**30), max_value=10**30)
TIES = st.integers(-(10**9), 10**9).map(lambda cents: Decimal(cents).scaleb(-3) + Decimal("0.0005"))
VALUES = (
    NUMBERS
    | TIES
    | st.integers(-(10**40), 10**40)
    | st.decimals(allow_nan=False, allow_infinity=False, min_value=-1, max_value=1, places=12)
    | st.builds(lambda digits, power: Decimal(digits).scaleb(power), st.integers(-999, 999), st.integers(-9, 9))
    | st.none()
    | st.booleans()
    | st.sampled_from(
        ["", "North", "007", "1E3", "7E99999999", "+49", "1.", "2026-01-02 10:00 sharp", "−3", "é 🦙", *RESERVED]
    )
    | st.text(max_size=12)
    | st.from_regex(r"[+-]?[0-9]{1,9}(\.[0-9]{0,3})?([eE][+-]?[0-9]{1,9})?", fullmatch=True)
    | st.dates(dt.date(1000, 1, 1))
    | TIMES
    | st.builds(lambda time, zone: time.replace(tzinfo=zone), TIMES, ZONES)
)


@pytest.fixture(scope="module")
def formats(browser: Browser) -> Iterator[Page]:
    """Give a page that has formats.js and nothing else."""
    with browser.new_context(offline=True) as context:
        page = context.new_page()
        page.add_script_tag(path=ROOT / "etl" / "dashboard" / "scripts" / "formats.js")
        yield page


sent = plain
"""Gives a value as the dashboard's data have it."""


@hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(VALUES, st.sampled_from(FORMATS + OTHERS)), min_size=200, max_size=200))
def test_a_browser_writes_what_python_writes(formats: Page, pairs: list[tuple[Value, str]]) -> None:
    """Any value in any format, and as a member of an axis: exact at any size, ties away from zero, NULL a dash.

    A text is written as it is, however much it looks like a number or a time: no part number is rounded.
    """
    written = formats.evaluate(
        """all => all.map(
          ([value, of, format]) => [Formats.shown(value, format), Formats.label(of), Formats.member(of)])""",
        [(plain(value, number_format), plain(value), number_format) for value, number_format in pairs],
    )
    expected = [[shown(value, number_format), label(value), member(value)] for value, number_format in pairs]
    differing = [(*pair, *both) for pair, *both in zip(pairs, written, expected, strict=True) if both[0] != both[1]]
    assert differing == []
