"""What words.js says in a browser is what words.py says, letter by letter: titles, changes and targets."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page

from config.paths import ROOT
from etl.company import pages
from etl.company.measure import Measure
from etl.company.report import Report
from etl.company.sayings import Saying
from etl.company.targets import Target
from etl.dashboard.picture import Value
from etl.dashboard.words import changed, judged, sentence, vocabulary
from tests.dashboard.test_formats_in_a_browser import sent

FORMATS = {"Pace": "0.0%", "Net": '"€"#,0.00', "More": '+"CHF\N{NO-BREAK SPACE}"#,0;-"CHF\N{NO-BREAK SPACE}"#,0'}
SAID = (
    Saying(when="[Pace] >= 1 and [Net] > 0.5", text="Ahead: {Pace}, <b>{Net}</b>"),
    Saying(when="[Pace] < 1 and [Net] <= 1000.005", text="Behind: {Pace} ({More})"),
    Saying(when="[Net] = 0", text="Nothing"),
    Saying(text="It is {More} more"),
)
TARGETS = {
    "Pace": Target(measure="Pace", at_least=Decimal("1.00049")),
    "Net": Target(measure="Net", at_most=Decimal("0.5")),
}
CARD = pages.Visual(
    kind="card", title="T", alt="…", measures=("Pace", "Net"), change={"Net": "More", "Pace": "Pace"}, said=SAID
)
REPORT = Report(
    Path(),
    "T",
    {name: Measure(name=name, folder="F", meaning="…", format=each, dax="1") for name, each in FORMATS.items()},
    {},
    (pages.Page(name="P", title="T", visual=(CARD,)),),
    "EUR",
    TARGETS,
)
NUMBERS = (
    st.none()
    | st.decimals(-3, 3, places=5)
    | st.decimals(-(10**12), 10**12, places=3)
    | st.integers(-2, 2)
    | st.sampled_from([Decimal("0.9995"), Decimal("0.99949"), Decimal("-0.4999"), Decimal("0.0005"), Decimal("0.505")])
)


@pytest.fixture(scope="module")
def words(browser: Browser) -> Iterator[Page]:
    """Give a page that has words.js, and what it needs."""
    with browser.new_context(offline=True) as context:
        page = context.new_page()
        for name in ("formats", "words"):
            page.add_script_tag(path=ROOT / "etl" / "dashboard" / "scripts" / f"{name}.js")
        yield page


SAY = """([spec, formats, rows]) => rows.map((values) => {
  const title = [...spec.title_of].map((place) => values[place]);
  return [
    Words.sentence(spec.said, title, [...spec.title_of].map((place) => formats[place])),
    ...formats.map((format, place) => {
      const change = Words.changed(values[place], format);
      const judged = Words.judged(values[place], spec.targets[place], format);
      return [change && [change.sign, change.word, change.text], judged && [judged.isMet, judged.sign, judged.text]];
    }),
  ];
})"""


@hypothesis_settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), min_size=1, max_size=20))
def test_a_browser_says_what_python_says(words: Page, rows: list[tuple[Value, Value, Value]]) -> None:
    """Of what is chosen as of all that there is; NULL and what is rounded are judged alike."""
    main = CARD.parts["main"].measures
    spec = vocabulary(CARD, REPORT) | {"title_of": [main.index(name) for name in CARD.said_of]}
    formats = [FORMATS[name] for name in main]
    said = words.evaluate(SAY, [spec, formats, [[sent(value) for value in row] for row in rows]])
    assert said == [expected(dict(zip(main, row, strict=True))) for row in rows]


def expected(values: dict[str, Value]) -> list[object]:
    """Say the same in Python."""
    told: list[object] = [sentence(SAID, values, FORMATS)]
    for name, value in values.items():
        change, met = changed(value, FORMATS[name]), judged(value, TARGETS.get(name), FORMATS[name])
        told.append(
            [
                change and [change.sign, change.word, change.text],
                met and [met.is_met, met.sign, met.text],
            ]
        )
    return told
