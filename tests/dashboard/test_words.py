"""The words beside numbers say what the numbers say: titles, changes and targets, over any values."""

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.company.sayings import Saying
from etl.company.targets import Target
from etl.dashboard.formats import NOTHING, shown
from etl.dashboard.picture import Value
from etl.dashboard.words import changed, figure, judged, sentence

SAID = (
    Saying(when="[Pace] >= 1 and [Share] > 0.5", text="Ahead: {Pace}, {Share} of it one contract"),
    Saying(when="[Pace] >= 1", text="Ahead: {Pace}"),
    Saying(when="[Pace] < 1", text="Behind: {Pace}"),
    Saying(text="No edition before"),
)
FORMATS = {"Pace": "0.0%", "Share": "0%"}
NUMBERS = st.none() | st.decimals(-3, 3, places=5) | st.integers(-3, 3) | st.floats(-3, 3)


def read(percent: str) -> Decimal:
    """Read a share that is written in percent."""
    return Decimal(percent.replace("−", "-").removesuffix("%")) / 100


@given(pace=NUMBERS, share=NUMBERS)
def test_a_title_says_the_truth_of_the_numbers_that_it_shows(pace: Value, share: Value) -> None:
    """Ahead is 100.0 % or more, as the reader sees it; without a pace, nothing is ahead or behind."""
    text = sentence(SAID, {"Pace": pace, "Share": share}, FORMATS)
    if pace is None:
        assert text == "No edition before"
        return
    word, figures = str(text).split(": ")
    told = [read(percent) for percent in re.findall(r"−?[\d.]+%", figures)]
    assert shown(pace, "0.0%") in figures
    assert word == ("Ahead" if told[0] >= 1 else "Behind")
    assert (len(told) == 2) == (told[0] >= 1 and share is not None and read(shown(share, "0%")) > Decimal("0.5"))
    assert NOTHING not in figures


def test_a_title_that_cannot_be_said_is_none() -> None:
    """The last sentence names a measure that is NULL: then the visual's own title stands."""
    last = (Saying(text="It is {Pace}"),)
    assert sentence(last, {"Pace": None}, FORMATS) is None
    assert sentence(last, {"Pace": Decimal("1.5")}, FORMATS) == "It is 150.0%"
    assert sentence((), {}, {}) is None


@given(value=NUMBERS, number_format=st.sampled_from(["0.0%", "#,0", '+"€"#,0.00;-"€"#,0.00']))
def test_a_change_has_the_direction_of_the_number_beside_it(value: Value, number_format: str) -> None:
    """What is shown as 0 is unchanged, whatever is behind the last place."""
    change = changed(value, number_format)
    if value is None:
        assert change is None
        return
    assert change is not None
    number = figure(value, number_format)
    assert number is not None
    assert change.text.count("+") == (number > 0)
    assert (change.sign, change.word) == (
        ("▲", "up") if number > 0 else ("▼", "down") if number < 0 else ("=", "unchanged")
    )
    assert ("−" in change.text) == (number < 0)


@given(value=NUMBERS, bound=st.decimals(-3, 3, places=4), least=st.booleans())
def test_a_target_is_met_by_the_numbers_that_are_shown(value: Value, bound: Decimal, least: bool) -> None:
    """Who compares the number with the bound beside it comes to the same end."""
    target = Target(measure="Pace", at_least=bound) if least else Target(measure="Pace", at_most=bound)
    told = judged(value, target, "0.0%")
    if value is None:
        assert told is None
        return
    assert told is not None
    seen, goal = read(shown(value, "0.0%")), read(told.text.rpartition(" ")[2])
    assert told.is_met == (seen >= goal if least else seen <= goal)
    assert told.text.startswith("meets" if told.is_met else "below" if least else "above")
    assert told.sign == ("✓" if told.is_met else "✗")


@pytest.mark.parametrize("value", [None, True, "many", float("nan")])
def test_only_numbers_have_a_target(value: Value) -> None:
    """And nothing has one that none was declared for."""
    assert judged(value, Target(measure="Pace", at_least=Decimal(1)), "0.0%") is None
    assert judged(Decimal(1), None, "0.0%") is None
