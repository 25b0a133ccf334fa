"""What becomes of published tables when a contract changes: what is safe is done, all else is refused and named."""

import re
from pathlib import Path

import pytest

from etl.contract import (
    Date,
    Dimension,
    Fact,
    Integer,
    Key,
    Money,
    Text,
    attribute,
    measure,
    natural_key,
    surrogate_key,
)
from etl.contract.table import Contract, Table
from etl.core.errors import ContractError, WarehouseError
from etl.load.warehouse import Warehouse
from tests.load.contracts import PLANET, planets
from tests.load.nights import NEXT_RUN, RUN, all_of, hand_over, load


class PlanetWithMore(Dimension):
    """One row per planet, with its rings."""

    planet_key: Key = surrogate_key()
    planet_id: Integer = natural_key("The planet's number.")
    rings: Integer = attribute("How many rings it has.", nullable=True)
    name: Text = attribute("Its name.", nullable=True)
    mass: Money = measure("Its mass.", nullable=True)


class PlanetWithFaults(Dimension):
    """One row per planet."""

    planet_key: Key = surrogate_key()
    planet_id: Text = natural_key("Now a text.")
    moons: Integer = attribute("A new column that may not be NULL.", unknown=0)


class PlanetWithStrictName(Dimension):
    """One row per planet."""

    planet_key: Key = surrogate_key()
    planet_id: Integer = natural_key("The planet's number.")
    name: Text = attribute("The planet's name.", unknown="Unknown")


def test_new_nullable_columns_are_added_by_themselves(warehouse: Warehouse, tmp_path: Path) -> None:
    """The rows published so far get NULL in the new columns, and the next night fills them."""
    load(warehouse, RUN, [hand_over(PLANET, planets(2), tmp_path)])
    more = Contract.of("dim_planet", PlanetWithMore)
    [sentence] = warehouse.changes([more])
    assert re.match(r"dim_planet gets the column rings \w+, the column mass \w+\(18, ?2\), its contract's", sentence)
    warehouse.ensure([more])
    assert warehouse.changes([more]) == []
    assert all_of(warehouse, more) == [row | {"rings": None, "mass": None} for row in planets(2)]
    rows = [row | {"rings": 7, "mass": None} for row in planets(2)]
    load(warehouse, NEXT_RUN, [hand_over(more, rows, tmp_path)])
    assert all_of(warehouse, more) == rows


class StrictPlanet(Dimension):
    """One row per planet."""

    planet_key: Key = surrogate_key()
    planet_id: Integer = natural_key("The planet's number.")
    name: Text = attribute("Its name.", unknown="Unknown")


class FoldedPlanet(Dimension):
    """One row per planet."""

    planet_key: Key = surrogate_key()
    planet_id: Integer = natural_key("The planet's number.")
    name: Text = attribute("Its name.", unknown="Unknown", folded=True)


def test_a_text_that_is_folded_from_tonight_on_needs_no_refill(warehouse: Warehouse, tmp_path: Path) -> None:
    """Its folded column is added beside it, although the text itself may not be NULL, and filled by the next load."""
    before, after = Contract.of("dim_planet", StrictPlanet), Contract.of("dim_planet", FoldedPlanet)
    load(warehouse, RUN, [hand_over(before, planets(2), tmp_path)])
    [sentence] = warehouse.changes([after])
    assert re.fullmatch(r"dim_planet gets the column name_folded \w+\.", sentence)
    rows = [row | {"name_folded": "EARTH"} for row in planets(2)]
    load(warehouse, NEXT_RUN, [hand_over(after, rows, tmp_path)])
    assert all_of(warehouse, after) == rows
    assert warehouse.changes([after]) == []


def test_changed_contract_is_refused_with_every_difference(warehouse: Warehouse, tmp_path: Path) -> None:
    """Columns that are gone, new and REQUIRED, or of another type or mode are named, all at once."""
    load(warehouse, RUN, [hand_over(PLANET, planets(2), tmp_path)])
    with pytest.raises(WarehouseError) as refusal:
        warehouse.ensure([Contract.of("dim_planet", PlanetWithFaults)])
    for column, problem in [
        ("planet_id", "in the contract"),
        ("name", "no longer in the contract"),
        ("moons", "new in the contract"),
    ]:
        assert any(f"dim_planet.{column} " in line and problem in line for line in _lines(refusal.value))
    assert "from the star" in refusal.value.hint
    with pytest.raises(WarehouseError, match=r"dim_planet.name is NULLABLE, in the contract REQUIRED"):
        warehouse.changes([Contract.of("dim_planet", PlanetWithStrictName)])


def test_refused_contract_touches_nothing(warehouse: Warehouse, tmp_path: Path) -> None:
    """Where one table is refused, no other is created or changed either."""
    load(warehouse, RUN, [hand_over(PLANET, planets(2), tmp_path)])
    new = Contract.of("dim_new", PlanetWithMore)
    with pytest.raises(WarehouseError):
        warehouse.ensure([new, Contract.of("dim_planet", PlanetWithFaults)])
    assert "The table dim_new is created." in warehouse.changes([new, PLANET])
    assert all_of(warehouse, PLANET) == planets(2)


@pytest.mark.parametrize("name", ["rings", "RINGS", "etl_runs"])
def test_name_that_confuses_is_refused(warehouse: Warehouse, name: str) -> None:
    """A column named like its table, or a table named like the list of runs, is a fault of the contract."""
    with pytest.raises(ContractError, match=name):
        warehouse.ensure([Contract.of(name, PlanetWithMore)])


class Plain(Fact):
    """One row per landing."""

    landing_id: Integer = natural_key("The landing's number.")
    day: Date = attribute("The day.")


class Partitioned(Fact, partition_by="day", cluster_by=("landing_id",)):
    """One row per landing."""

    landing_id: Integer = natural_key("The landing's number.")
    day: Date = attribute("The day.")


class OtherKey(Fact):
    """One row per day."""

    landing_id: Integer = attribute("The landing's number.")
    day: Date = natural_key("The day.")


@pytest.mark.parametrize(
    ("model", "difference"),
    [
        (Partitioned, "not partitioned, in the contract by MONTH of day"),
        (Partitioned, "clustered by nothing, in the contract by landing_id"),
        (OtherKey, "has the primary key landing_id, in the contract day"),
    ],
)
def test_other_layout_is_refused(bigquery: Warehouse, model: type[Table], difference: str) -> None:
    """BigQuery cannot partition or cluster a table that is there, and another key is another table."""
    bigquery.ensure([Contract.of("fact_landing", Plain)])
    with pytest.raises(WarehouseError, match=difference):
        bigquery.ensure([Contract.of("fact_landing", model)])


def _lines(error: WarehouseError) -> list[str]:
    return error.message.splitlines()
