"""What strangers write into table files works, or is refused in one sentence before the night's work is done."""

import pytest

from tests.bug_reports.company import Stranger

COMMON = "import pandas as pd\nfrom etl.contract import *\n"
DIM_PERSON = '''from __future__ import annotations

from ._common import *


class DimPerson(Dimension):
    """One row per person."""

    person_key: Key = surrogate_key()
    person_id: Integer = natural_key("Its number.")
    manager_key: Key = reference("dim_person", "Who leads the person.", on="manager_id")


def build(people: pd.DataFrame) -> pd.DataFrame:
    return people
'''
FACT_DEAL = '''
class FactDeal(Fact):
    """One row per deal."""

    deal_id: Integer = natural_key("Its number.")
    person_key: Key = reference("dim_person", "Who made it.", on="seller")


def build(deals: pd.DataFrame) -> pd.DataFrame:
    return deals[["deal_id", "seller"]]
'''
FACT_WALLET = '''
class FactWallet(Fact):
    """One row per wallet."""

    wallet: Text = natural_key("Its name.")
    wei: Integer = measure("What it got.")


def build(transfers: pd.DataFrame) -> pd.DataFrame:
    return totals(transfers, ["wallet"], wei="wei")
'''
RUNNING = '''
class FactWallet(Fact):
    """One row per transfer."""

    id: Integer = natural_key("Its number.")
    wei: Integer = measure("What the wallet got so far.")


def build(transfers: pd.DataFrame) -> pd.DataFrame:
    return transfers[["id"]].assign(wei=running_total(transfers, ["wallet"], "wei"))
'''
PEOPLE = (
    "CREATE TABLE people (person_id INTEGER, manager_id INTEGER)",
    "INSERT INTO people VALUES (21000, NULL), (21001, 21000), (21002, 21001)",
    "CREATE TABLE deals (deal_id INTEGER, seller INTEGER, sold_on TEXT)",
    "INSERT INTO deals VALUES (1, 21002, '2027-06-30'), (2, 21000, '2027-06-30')",
)


@pytest.fixture
def people(stranger: Stranger) -> Stranger:
    """People, who leads them, and their deals."""
    stranger.fill(*PEOPLE)
    stranger.query("people", "SELECT person_id, manager_id FROM people", key="person_id")
    stranger.query(
        "deals", "SELECT deal_id, seller, sold_on FROM deals", key="deal_id", more="-- types: sold_on date\n"
    )
    stranger.star_table("_common", COMMON, head="")
    stranger.star_table("dim_person", DIM_PERSON, head="")
    stranger.star_table("fact_deal", FACT_DEAL)
    return stranger


def test_a_manager_is_found_by_a_contract_with_a_shared_helper_and_postponed_annotations(people: Stranger) -> None:
    """Three ways to write a table file that work everywhere else."""
    query = (
        "SELECT d.deal_id, p.person_id, m.person_id FROM fact_deal d JOIN dim_person p USING (person_key)"
        " JOIN dim_person m ON m.person_key = p.manager_key ORDER BY 1"
    )
    assert people.published(query) == [(1, 21002, 21001), (2, 21000, None)]


def test_a_date_finds_no_number(people: Stranger) -> None:
    """The days since 1970 are no article's number, though both are integers inside."""
    people.star_table("fact_deal", FACT_DEAL.replace('on="seller"', 'on="sold_on"').replace('"seller"', '"sold_on"'))
    ended = people.night()
    assert ended.code == 1
    assert "fact_deal: sold_on is a date (date32[day]), and person_id" in ended.err
    assert "a number (int64)" in ended.err


@pytest.mark.parametrize("table", [FACT_WALLET, RUNNING])
@pytest.mark.parametrize("wei", [5 * 10**18, -(2**63)])
def test_a_sum_beyond_64_bits_is_published_exactly_or_refused(stranger: Stranger, table: str, wei: int) -> None:
    """Never wrapped around: what 64 bits do not hold is refused, and the cure of the hint works."""
    stranger.fill(
        "CREATE TABLE transfers (id INTEGER, wallet TEXT, wei INTEGER)",
        f"INSERT INTO transfers VALUES (1, 'A', {wei}), (2, 'A', {wei})",
    )
    stranger.settings["RECEIPTS"] = "off"  # the source itself cannot add them up
    stranger.query("transfers", "SELECT id, wallet, wei FROM transfers", key="id", more="-- types: wei bigint\n")
    path = stranger.star_table("fact_wallet", table, head=COMMON)
    ended = stranger.night()
    assert ended.code == 1
    assert f"{path}:" in ended.err
    assert "A sum of wei is too large for int64." in ended.err
    assert "Decimal(29, 0)" in ended.err
    more = "-- types: wei bigint, exact numeric(38, 0)\n"
    stranger.query("transfers", "SELECT id, wallet, wei, wei AS exact FROM transfers", more=more)
    path = stranger.star_table("fact_wallet", table, head=COMMON)
    ended = stranger.night()
    assert ended.code == 1
    assert f"{path}:" in ended.err
    assert "A sum of wei is too large for int64." in ended.err
    assert "Decimal(29, 0)" in ended.err
    exact = table.replace("wei: Integer", "wei: Decimal(29, 0)").replace('wei="wei"', 'wei="exact"')
    stranger.star_table("fact_wallet", exact.replace('"wei"))', '"exact"))'), head=COMMON)
    assert stranger.published("SELECT max(abs(wei)) FROM fact_wallet") == [(abs(2 * wei),)]


@pytest.mark.parametrize("kind", ["Integer", "Date", "Money", "Text", "Timestamp", "Flag"])
def test_an_expression_that_is_null_tonight_fits_every_column(stranger: Stranger, kind: str) -> None:
    """SQLite declares no type for it, and no row matched tonight."""
    stranger.fill(
        "CREATE TABLE deals (deal_id INTEGER)",
        "CREATE TABLE notes (deal_id INTEGER, x)",
        "INSERT INTO deals VALUES (1), (2)",
    )
    query = "SELECT deal_id, COALESCE(x, x) AS seller FROM deals LEFT JOIN notes USING (deal_id)"
    stranger.query("deals", query, key="deal_id")
    column = 'person_key: Key = reference("dim_person", "Who made it.", on="seller")'
    stranger.star_table("fact_deal", FACT_DEAL.replace(column, f'seller: {kind} = attribute("X.", nullable=True)'))
    assert stranger.published("SELECT deal_id, seller FROM fact_deal ORDER BY 1") == [(1, None), (2, None)]
