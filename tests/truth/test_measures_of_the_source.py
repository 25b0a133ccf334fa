"""Measures that are more than a sum: the source, asked in plain SQL, says the same member by member.

measures/<the column by which>.<what>.sql asks the source, over rules/*.sql; each of its columns is called as a measure.
"""

from collections.abc import Callable
from typing import Any

import pytest

from etl.load.warehouse import Warehouse
from powerbi.service.differ import differs
from tests.truth.night import COMPANIES, MEASURES, Company, Night
from tests.truth.test_measures import REPORT, SQL


@pytest.mark.parametrize("question", MEASURES)
@pytest.mark.parametrize("company", COMPANIES, ids=str)
def test_a_measure_is_what_the_source_says(
    question: str, company: Company, night_of: Callable[[Company], Night], duckdb_of: Callable[[Company], Warehouse]
) -> None:
    """Pace with and without the largest contract, retention of closed and open editions, periods: to the cent."""
    truth = night_of(company).truth[question]
    names = truth.columns[1:]
    rows = duckdb_of(company).read(SQL.query(names, question.rpartition(".")[0])).to_pylist()
    found = {row["label"]: [row[f"v{n}"] for n in range(len(names))] for row in rows}
    wanted = {member: values for member, *values in truth.rows if any(value is not None for value in values)}
    assert wanted
    assert {member for member, values in found.items() if any(value is not None for value in values)} == {*wanted}
    differing = {member: _differing(names, found[member], values) for member, values in wanted.items()}
    assert [*filter(None, differing.values())] == []


def _differing(names: tuple[str, ...], found: list[Any], wanted: list[Any]) -> dict[str, tuple[Any, Any]]:
    pairs = zip(names, found, wanted, strict=True)
    return {name: (one, other) for name, one, other in pairs if differs(REPORT.measures[name].format, one, other)}
