"""Formulas: what may stand in one, and what is told of one that cannot be read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.company.formula import Formula, FormulaError, Named, Negative, Number, Operation, as_json, measures_in, parsed

FORMULAS = st.recursive(
    st.one_of(st.sampled_from("AB").map(Named), st.sampled_from(["0", "2", "0.5"]).map(Number)),
    lambda inner: st.one_of(
        inner.map(Negative),
        st.builds(Operation, st.sampled_from("+-*/"), inner, inner),
    ),
    max_leaves=8,
)


def in_brackets(formula: Formula) -> str:
    """Write a formula with brackets around all of it."""
    match formula:
        case Number(text):
            return text
        case Named(name):
            return f"[{name}]"
        case Negative(value):
            return f"(-{in_brackets(value)})"
        case Operation(sign, left, right):
            return f"({in_brackets(left)} {sign} {in_brackets(right)})"


@given(FORMULAS)
def test_a_formula_is_read_as_it_is_meant(formula: Formula) -> None:
    """With brackets around everything there is one way to read it."""
    assert parsed(in_brackets(formula)) == formula


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("[A] - [B] - [C]", "(([A] - [B]) - [C])"),
        ("[A] + [B] * [C]", "([A] + ([B] * [C]))"),
        ("[A] / [B] / [C]", "(([A] / [B]) / [C])"),
        ("-[A] / [B]", "((-[A]) / [B])"),
        ("  2*-[Net Revenue YoY %]", "(2 * (-[Net Revenue YoY %]))"),
        ("+[A]\n- -1", "([A] - (-1))"),
    ],
)
def test_signs_bind_as_in_school(text: str, meant: str) -> None:
    """* and / before + and -, from left to right."""
    assert in_brackets(parsed(text)) == meant


def test_a_formula_names_its_measures_and_can_be_written_as_json() -> None:
    """What a browser computes with."""
    formula = parsed("-[A] / ([B] + 0.5 * [A])")
    assert measures_in(formula) == ("A", "B")
    assert as_json(formula) == [
        "/",
        ["-", ["measure", "A"]],
        ["+", ["measure", "B"], ["*", ["number", "0.5"], ["measure", "A"]]],
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "it ends where a value should stand"),
        ("[A] +", "it ends where a value should stand"),
        ("([A] + [B]", "it ends where a closing bracket should stand"),
        ("([A] [B])", "at character 6, “[B])”: a bracket is not closed"),
        ("[A] [B]", "at character 5, “[B]”: only [measures], numbers"),
        ("[A] % 2", "at character 5, “% 2”: only [measures], numbers"),
        ("SUM([A])", "at character 1, “SUM([A])”: only [measures], numbers"),
        ("[A] / * 2", "at character 7, “* 2”: only [measures], numbers"),
        ("[A])", "at character 4, “)”: only [measures], numbers"),
        ("[A] + 1e5", "at character 8, “e5”: only [measures], numbers"),
        ("[A", "at character 1, “[A”: only [measures], numbers"),
        ("(" * 60 + "[A]" + ")" * 60, "more than 50 brackets or signs within each other"),
    ],
)
def test_a_fault_is_told_with_its_place(text: str, told: str) -> None:
    """One sentence, and the character at which to look."""
    with pytest.raises(FormulaError) as fault:
        parsed(text)
    assert told in str(fault.value)


@given(st.text(alphabet="[]AB+-*/() 1.", max_size=20))
def test_whatever_is_written_is_read_or_refused(text: str) -> None:
    """Never another error."""
    try:
        assert parsed(in_brackets(parsed(text))) == parsed(text)
    except FormulaError as fault:
        assert str(fault)
