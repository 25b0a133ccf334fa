"""A night after a change: what is published is what plain SQL says of the changed source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from etl.load.warehouse import Warehouse
from sample import changes, generate
from tests.truth.night import QUESTIONS, Night, ask_the_star, published, run_stages


@pytest.fixture(scope="module")
def night(sample_server: str, tmp_path_factory: pytest.TempPathFactory) -> Night:
    """Give the night of a company that has changed twice, and the truth about it."""
    url = generate.fill(sample_server, contracts=20_000, seed=4, dirt="much", database="night")
    changes.change(url, rows=300, seed=1)
    changes.change(url, rows=300, seed=2, months=2)
    return run_stages(url, tmp_path_factory.mktemp("changed") / "night")


@pytest.fixture(scope="module")
def star(night: Night) -> Iterator[Warehouse]:
    """Give the DuckDB in which its star is published."""
    with published(night, "duckdb") as warehouse:
        yield warehouse


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_star_answers_as_the_changed_source_does(question: str, night: Night, star: Warehouse) -> None:
    """The same rows, exactly: of new, changed, deleted and late rows as of all others."""
    truth, answer = night.truth[question], ask_the_star(star, question)
    assert (answer.columns, Counter(answer.rows)) == (truth.columns, Counter(truth.rows))
    assert truth.rows
