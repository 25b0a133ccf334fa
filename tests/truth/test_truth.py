"""What is published is true: every question is answered alike by the source and by the star, to the cent.

source/*.sql asks the source, over rules/*.sql, an account of the business in SQL that shares nothing with tables/*.py;
star/*.sql asks the published tables, from their surrogate keys back to the natural ones.
"""

from collections import Counter
from typing import Any

import pytest

from tests.truth.night import COMPANIES, HERE, QUESTIONS, Answer, Company, Row, ask_the_star

SHOWN = 10
"""Rows of each kind that a failure shows."""


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("warehouse", ["duckdb", "bigquery"])
@pytest.mark.parametrize("company", COMPANIES, ids=str)
def test_the_star_answers_as_the_source_does(
    question: str, warehouse: str, company: Company, night_of: Any, request: pytest.FixtureRequest
) -> None:
    """The same rows, exactly: money as decimals, keys resolved to what they stand for."""
    truth = night_of(company).truth[question]
    star = ask_the_star(request.getfixturevalue(f"{warehouse}_of")(company), question)
    assert star.columns == truth.columns
    assert not _differences(truth, star), "\n".join(_differences(truth, star))


@pytest.mark.parametrize("company", COMPANIES, ids=str)
def test_no_question_is_empty(company: Company, night_of: Any) -> None:
    """There is something to compare in each answer."""
    assert [question for question, truth in night_of(company).truth.items() if not truth.rows] == []


def test_every_question_is_a_pair() -> None:
    """What the source is asked, the star is asked as well."""
    assert sorted(file.stem for file in (HERE / "star").glob("*.sql")) == QUESTIONS


def test_differing_rows_are_named() -> None:
    """A row that is lacking, one too many, and a doubled one are told apart, and a cent is a difference."""
    truth = Answer(("id", "money"), [(1, 5), (2, None), (3, 7)])
    star = Answer(("id", "money"), [(1, 5), (1, 5), (2, None), (3, 8)])
    assert _differences(truth, star) == [
        "1 rows of 3 are in the source alone: id, money",
        "  (3, 7)",
        "2 rows of 4 are in the star alone: id, money",
        "  (1, 5)",
        "  (3, 8)",
    ]


def _differences(truth: Answer, star: Answer) -> list[str]:
    lines = []
    for mine, theirs, place in ((truth, star, "source"), (star, truth, "star")):
        alone = sorted((Counter(mine.rows) - Counter(theirs.rows)).elements(), key=_sortable)
        if alone:
            lines.append(f"{len(alone)} rows of {len(mine.rows)} are in the {place} alone: {', '.join(mine.columns)}")
            lines += [f"  {row}" for row in alone[:SHOWN]]
    inexact = {type(value).__name__ for row in star.rows[:1] for value in row if isinstance(value, float)}
    return lines + [f"the star answers with a {name}, which is inexact" for name in inexact]


def _sortable(row: Row) -> list[tuple[bool, Any]]:
    return [(value is not None, value) for value in row]
