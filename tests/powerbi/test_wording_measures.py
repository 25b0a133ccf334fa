"""The measures that visuals are worded by: in a DAX engine, over any values, they say what the dashboard says."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.company.measure import Measure
from etl.company.pages import Page, Visual
from etl.company.report import Report
from etl.company.sayings import Saying
from etl.company.targets import Target
from etl.core.errors import ContractError
from etl.dashboard.words import changed, judged, sentence
from powerbi import theme
from powerbi.texts import change_name, colour_name, sign_name, target_name, texts, title_name

engine = pytest.importorskip("pbix_mcp.dax.engine", reason="the DAX engine is not installed: ./test.sh installs it")

FORMATS = {"Pace": "0.0%", "Net": '"€"#,0.00', "More": '+"CHF\N{NO-BREAK SPACE}"#,0;-"CHF\N{NO-BREAK SPACE}"#,0'}
TARGETS = {
    "Pace": Target(measure="Pace", at_least=Decimal("1")),
    "Net": Target(measure="Net", at_most=Decimal("1000.5")),
}
SAID = (
    Saying(when="[Pace] >= 1 and [Net] > 0.5", text='Ahead: {Pace}, "{Net}"'),
    Saying(when="[Pace] < 1", text="Behind: {Pace} ({More})"),
    Saying(when="[Net] = 0", text="Nothing"),
    Saying(text="It is {More} more"),
)
VISUAL = Visual(kind="card", title="A ‘title’", alt="…", measures=("Net",), change={"Net": "More"}, said=SAID)
PAGE = Page(name="P", title="T", visual=(VISUAL,))
NUMBERS = st.none() | st.decimals(-3, 3, places=4) | st.decimals(-(10**7), 10**7, places=3)


def measure(name: str, number_format: str) -> Measure:
    """Make a measure of which only the format matters."""
    return Measure(name=name, folder="F", meaning="…", format=number_format, dax="1")


REPORT = Report(Path(), "T", {n: measure(n, f) for n, f in FORMATS.items()}, {}, (PAGE,), "EUR", TARGETS)


def evaluated(report: Report, values: dict[str, Decimal | None]) -> dict[str, Any]:
    """Evaluate all words where the measures have these values. Raises where the engine does not understand all."""
    dax = {name: "BLANK()" if value is None else f"{value:f}" for name, value in values.items()}
    words = {name: text for name, (text, _) in texts(report).items()}
    engine._engine.eval_errors.clear()
    engine._engine.unsupported_functions.clear()
    found: dict[str, Any] = engine.evaluate_measures_smart(list(words), {}, dax | words, simulate_row_context=False)
    assert not engine._engine.eval_errors and not engine._engine.unsupported_functions
    return found


@settings(deadline=None, max_examples=60)
@given(pace=NUMBERS, net=NUMBERS, more=NUMBERS)
def test_power_bi_says_what_the_dashboard_says(pace: Decimal | None, net: Decimal | None, more: Decimal | None) -> None:
    """Title, change, target, its sign and colour: letter by letter, with the currency and the real minus sign."""
    values = {"Pace": pace, "Net": net, "More": more}
    found = evaluated(REPORT, values)
    assert found[title_name(PAGE, VISUAL)] == (sentence(SAID, values, FORMATS) or VISUAL.title)
    change = changed(more, FORMATS["More"])
    assert found[change_name("More")] == (f"{change.sign} {change.text} More" if change else "– More")
    for name, target in TARGETS.items():
        told = judged(values[name], target, FORMATS[name])
        assert found[target_name(name)] == (f"{told.sign} {told.text}" if told else None)
        assert found[sign_name(name)] == (told.sign if told else None)
        assert found[colour_name(name)] == (theme.INK if not told else theme.GOOD if told.is_met else theme.BAD)


def test_a_title_of_no_measure_is_a_text() -> None:
    """It needs no condition; days are written as days."""
    plain = VISUAL.model_copy(update={"said": (Saying(text="Nothing is open"),)})
    page = PAGE.model_copy(update={"visual": (plain,)})
    measures = {"Net": measure("Net", "0"), "More": measure("More", "yyyy-mm-dd")}
    only = replace(REPORT, measures=measures, targets={}, pages=(page,))
    assert texts(only)[title_name(page, plain)][0] == '"Nothing is open"'
    dated = VISUAL.model_copy(update={"said": (Saying(text="Until {More}"),), "change": {}})
    page = PAGE.model_copy(update={"visual": (dated,)})
    words = {name: dax for name, (dax, _) in texts(replace(only, pages=(page,))).items()}
    found = engine.evaluate_measures_smart(list(words), {}, {"More": "DATE(2026, 3, 1)"} | words)
    assert list(found.values()) == ["Until 2026-03-01"]


def test_a_measure_of_the_companys_keeps_its_name() -> None:
    """One that is named as a generated one would be is refused."""
    taken = replace(REPORT, measures=REPORT.measures | {target_name("Pace"): measure(target_name("Pace"), "0")})
    with pytest.raises(ContractError, match=r"\[Pace \(target\)\] has the name of one that is generated"):
        texts(taken)
