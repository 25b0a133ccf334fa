"""What is chosen and grouped: the same members in DuckDB, in BigQuery and in DAX, however texts are spelled."""

import datetime as dt
from collections import Counter
from pathlib import Path

import pytest

from etl.company.measure import Measure
from etl.company.report import Report
from etl.contract import Date, Dimension, Fact, Integer, Key, Text, attribute, natural_key, reference, surrogate_key
from etl.contract.table import Contract
from etl.core.errors import ContractError
from etl.load.warehouse import Warehouse
from etl.report.filters import fold
from etl.report.sql import Composer
from tests.load.nights import RUN, hand_over, load
from tests.truth.dax import Dax


class DimDate(Dimension):
    """One row per day."""

    date_key: Key = surrogate_key()
    date: Date = natural_key("The day.")


class DimPlace(Dimension):
    """One row per place."""

    place_key: Key = surrogate_key()
    place_id: Integer = natural_key("Its number.")
    region: Text = attribute("Where it is.", nullable=True, folded=True)
    town: Text = attribute("In which town.", nullable=True)


class FactVisit(Fact):
    """One row per visit."""

    visit_id: Integer = natural_key("Its number.")
    date_key: Key = reference("dim_date", "The day.", on="date")
    place_key: Key = reference("dim_place", "The place.")


CONTRACTS = {
    "dim_date": Contract.of("dim_date", DimDate),
    "dim_place": Contract.of("dim_place", DimPlace),
    "fact_visit": Contract.of("fact_visit", FactVisit),
}
VISITS = Measure(
    name="Visits",
    folder="All",
    meaning="How many.",
    format="0",
    dax="COUNTROWS(Visit)",
    of="fact_visit",
    sql="COUNT(*)",
)
REPORT = Report(Path(), "All", {"Visits": VISITS}, {}, ())
SQL = Composer(REPORT, CONTRACTS)
SPELLED = [
    *("South", "SOUTH", " south", "South \t", "north", "", "  ", None, None, "=", "∅", "None", "NULL"),
    *("O'Brien", "o'BRIEN", "'", "''", "\\", "\\n", "\n", "a\nB", 'he said "no"', "{x}", "--", "straße"),
    *("ÉTÉ", "été", "🎈", "%", "?", "@p", "x' OR '1' = '1"),
]


@pytest.fixture
def visited(warehouse: Warehouse, tmp_path: Path) -> Warehouse:
    """A warehouse with one place of each spelling, and one visit of each place."""
    places = [
        {
            "place_key": n,
            "place_id": n or None,
            "region": text,
            "region_folded": fold(text),
            "town": text and text.strip(),
        }
        for n, text in enumerate([None, *SPELLED])
    ]
    days = [{"date_key": 0, "date": None}, {"date_key": 1, "date": dt.date(2031, 5, 17)}]
    visits = [{"visit_id": n, "date_key": 1, "place_key": n} for n in range(1, len(places))]
    rows = {"dim_date": days, "dim_place": places, "fact_visit": visits}
    load(warehouse, RUN, [hand_over(contract, rows[name], tmp_path) for name, contract in CONTRACTS.items()])
    return warehouse


def test_a_member_is_a_text_without_letter_case_and_outer_blanks_and_null_is_one_too(visited: Warehouse) -> None:
    """Grouped, chosen one by one in any spelling, and in DAX on the model: each time the same count."""
    members = Counter(map(fold, SPELLED))
    grouped = visited.read(SQL.query(["Visits"], "dim_place.region")).to_pylist()
    assert {fold(row["label"]): row["v0"] for row in grouped} == members
    assert len(grouped) == len(members)
    dax = Dax(visited, REPORT, CONTRACTS)
    for text in SPELLED:
        context = {"dim_place.region": [text]}
        (found,) = visited.read(SQL.query(["Visits"], None, context)).column(0).to_pylist()
        assert (found, dax.values(["Visits"], context)["Visits"]) == (members[fold(text)],) * 2, text


def test_several_members_are_chosen_at_once_and_none_gives_nothing(visited: Warehouse) -> None:
    """NULL among others; a choice of no member is no row."""

    def count(*values: object, column: str = "region") -> int:
        query = SQL.query(["Visits"], None, {f"dim_place.{column}": values})
        return int(visited.read(query).column(0)[0].as_py())

    assert count("south", None, "North", "no such") == 4 + 2 + 1
    assert count("no such") == count() == 0
    assert count(" soutH ", None, "o'brien", "\\", column="town") == 4 + 2 + 2 + 1


def test_names_are_found_for_members_in_any_spelling(visited: Warehouse) -> None:
    """What members are called is asked by the members that a query gave."""
    rows = visited.read(SQL.names("dim_place.region", "dim_place.place_id", ["SOUTH ", "'"])).to_pylist()
    assert sorted(row["name"] for row in rows) == [1, 2, 3, 4, SPELLED.index("'") + 1]


def test_a_folded_column_is_nothing_to_group_by() -> None:
    """It is there to compare; Power BI does not have it."""
    with pytest.raises(ContractError, match=r"There is no column dim_place\.region_folded") as fault:
        SQL.query(["Visits"], "dim_place.region_folded")
    assert "dim_place.region" in fault.value.hint
