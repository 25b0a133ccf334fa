"""A contract that cannot be met in place: the table is made anew, and whatever a person gave it is there again."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from etl.contract import (
    Date,
    Dimension,
    Fact,
    Integer,
    Key,
    Text,
    Timestamp,
    attribute,
    natural_key,
    surrogate_key,
)
from etl.contract.table import Contract, Table
from etl.core.errors import WarehouseError
from etl.core.head import Head
from etl.load.duckdb.warehouse import DuckDBWarehouse
from etl.load.warehouse import Handover, Warehouse
from tests.load.contracts import PLANET, SHIP, DimPlanet, Rows, planets
from tests.load.nights import NEXT_RUN, ORIGIN, RUN, all_of, hand_over, load, night


class Renamed(Dimension):
    """One row per planet."""

    planet_key: Key = surrogate_key()
    planet_id: Integer = natural_key("The planet's number.")
    called: Text = attribute("The planet's name.", nullable=True, renamed_from="name")


class Strict(Dimension):
    """One row per planet."""

    planet_key: Key = surrogate_key()
    planet_id: Integer = natural_key("The planet's number.")
    name: Text = attribute("Its name.", unknown="none")


class OtherType(Dimension):
    """One row per planet."""

    planet_key: Key = surrogate_key()
    planet_id: Text = natural_key("The planet's number, a text now.")
    name: Text = attribute("Its name.", nullable=True)


class NewColumn(Dimension):
    """One row per planet."""

    planet_key: Key = surrogate_key()
    planet_id: Integer = natural_key("The planet's number.")
    moons: Integer = attribute("How many moons it has.", unknown=0)


CHANGES: dict[str, tuple[type[Table], Rows]] = {
    "a column renamed": (Renamed, [{"planet_key": n, "planet_id": n or None, "called": "Earth"} for n in range(3)]),
    "a column that may not be NULL": (
        Strict,
        [{"planet_key": n, "planet_id": n or None, "name": "x"} for n in range(3)],
    ),
    "another type": (
        OtherType,
        [{"planet_key": n, "planet_id": f"P{n}" if n else None, "name": None} for n in range(3)],
    ),
    "one column gone, a new one": (
        NewColumn,
        [{"planet_key": n, "planet_id": n or None, "moons": n} for n in range(3)],
    ),
}


def refill(warehouse: Warehouse, run: str, handovers: list[Handover]) -> dict[str, str]:
    """Do what stage 3 does where a person lets tables be made anew."""
    contracts, before = [handover.contract for handover in handovers], warehouse.head()
    names = [contract.name for contract in contracts]
    warehouse.ensure(contracts, names)
    for handover in handovers:
        warehouse.stage(run, handover)
    kept = warehouse.refill(run, handovers, contracts, before)
    warehouse.publish(handovers, before, Head(run, ORIGIN))
    return kept


def test_what_cannot_be_done_in_place_makes_tables_anew(warehouse: Warehouse, tmp_path: Path) -> None:
    """The night refuses and names the command: new rows under the new contracts, and the old ones are kept."""
    names = [f"dim_{number}" for number in range(len(CHANGES))]
    before = [Contract.of(name, DimPlanet) for name in names]
    after = [Contract.of(name, model) for name, (model, _) in zip(names, CHANGES.values(), strict=True)]
    load(warehouse, RUN, [hand_over(contract, planets(5), tmp_path) for contract in [*before, PLANET]])
    with pytest.raises(WarehouseError) as refusal:
        warehouse.changes([*after, PLANET])
    assert refusal.value.hint.endswith(f"python -m etl refill {' '.join(names)}")
    said = [told for told in warehouse.changes([*after, PLANET], names) if "anew" in told]
    assert [told.partition(":")[0] for told in said] == [
        f"{name} is made anew and filled from the star" for name in names
    ]
    assert warehouse.to_refill([*after, PLANET], [*names, PLANET.name]) == names
    handovers = [
        hand_over(contract, rows, tmp_path) for contract, (_, rows) in zip(after, CHANGES.values(), strict=True)
    ]
    handovers.append(hand_over(PLANET, planets(4), tmp_path))
    assert "dim_3" in warehouse.refill_sql(handovers, [*after, PLANET], warehouse.head())
    assert all(all_of(warehouse, contract) == planets(5) for contract in before)

    kept = refill(warehouse, NEXT_RUN, handovers)
    for contract, (_, rows) in zip(after, CHANGES.values(), strict=True):
        assert all_of(warehouse, contract) == rows
        old = f"SELECT * FROM {kept[contract.name].replace('a-project.', '')} ORDER BY planet_key"
        assert warehouse.read(old).to_pylist() == planets(5)
    assert all_of(warehouse, PLANET) == planets(4)
    assert warehouse.changes([*after, PLANET]) == []
    assert list(kept) == names


def test_a_refill_that_another_load_overtook_touches_nothing(warehouse: Warehouse, tmp_path: Path) -> None:
    """The head is another one than was looked at."""
    contract = Contract.of("dim_planet", Strict)
    load(warehouse, RUN, [hand_over(PLANET, planets(5), tmp_path)])
    handover = hand_over(contract, CHANGES["a column that may not be NULL"][1], tmp_path)
    warehouse.ensure([contract], ["dim_planet"])
    warehouse.stage(NEXT_RUN, handover)
    with pytest.raises(WarehouseError, match="Another load published"):
        warehouse.refill(NEXT_RUN, [handover], [contract], Head("20310518T030000Z"))
    assert all_of(warehouse, PLANET) == planets(5)


def test_a_killed_refill_leaves_the_new_table_and_the_next_load_ends_it(warehouse: Warehouse, tmp_path: Path) -> None:
    """Between the new table and the publish: readers have all rows, and nobody has to refill again."""
    contract = Contract.of("dim_planet", Strict)
    load(warehouse, RUN, [hand_over(PLANET, planets(5), tmp_path)])
    rows = CHANGES["a column that may not be NULL"][1]
    handover = hand_over(contract, rows, tmp_path)
    warehouse.ensure([contract], ["dim_planet"])
    warehouse.stage(NEXT_RUN, handover)
    warehouse.refill(NEXT_RUN, [handover], [contract], warehouse.head())
    assert all_of(warehouse, contract) == rows
    load(warehouse, "20310520T023000Z", [handover])
    assert all_of(warehouse, contract) == rows
    assert [row.run for row in warehouse.published()] == ["20310520T023000Z"]


def test_false_rows_do_not_take_the_place_of_the_old_ones(warehouse: Warehouse, tmp_path: Path) -> None:
    """The receipt is compared before anything is made anew."""
    contract = Contract.of("dim_planet", Strict)
    load(warehouse, RUN, [hand_over(PLANET, planets(5), tmp_path)])
    handover = hand_over(contract, CHANGES["a column that may not be NULL"][1], tmp_path)
    other = hand_over(contract, [{"planet_key": n, "planet_id": n or None, "name": "y"} for n in range(3)], tmp_path)
    warehouse.ensure([contract], ["dim_planet"])
    warehouse.stage(NEXT_RUN, other)
    false = Handover(contract, other.files, handover.receipt, other.star_run, other.as_of, 0)
    with pytest.raises(WarehouseError, match="are not those of the star"):
        warehouse.refill(NEXT_RUN, [false], [contract], warehouse.head())
    assert all_of(warehouse, PLANET) == planets(5)


def test_a_table_is_taken_away_and_its_rows_are_kept(warehouse: Warehouse, tmp_path: Path) -> None:
    """It is published no more; a second time there is nothing to keep."""
    load(warehouse, RUN, night(tmp_path, 3))
    kept = warehouse.drop(NEXT_RUN, "dim_ship", warehouse.head())
    assert [row.table for row in warehouse.published()] == ["dim_planet"]
    assert warehouse.changes([PLANET]) == []
    assert "The table dim_ship is created." in warehouse.changes([PLANET, SHIP])
    assert len(warehouse.read(f"SELECT * FROM {kept.replace('a-project.', '')}")) == 3
    assert warehouse.drop("20310520T023000Z", "dim_ship", warehouse.head()) == ""
    with pytest.raises(WarehouseError, match="Another load published"):
        warehouse.drop("20310520T023000Z", "dim_planet", Head("20310518T030000Z"))


class Plain(Fact):
    """One row per landing."""

    landing_id: Integer = natural_key("The landing's number.")
    day: Date = attribute("The day.")
    at: Timestamp = attribute("The instant.", nullable=True)


class LaidOut(Fact, partition_by="at", cluster_by=("landing_id",)):
    """One row per landing."""

    landing_id: Integer = natural_key("The landing's number.")
    day: Date = attribute("The day.")
    at: Timestamp = attribute("The instant.", nullable=True)


class OtherKey(Fact, partition_by="day"):
    """One row per day."""

    landing_id: Integer = attribute("The landing's number.")
    day: Date = natural_key("The day.")
    at: Timestamp = attribute("The instant.", nullable=True)


LANDINGS = [{"landing_id": n, "day": date(2031, 5, n), "at": datetime(2031, 5, n, tzinfo=UTC)} for n in (1, 2)]


@pytest.mark.parametrize("model", [LaidOut, OtherKey])
def test_another_layout_or_key(bigquery: Warehouse, tmp_path: Path, model: type[Table]) -> None:
    """Partitioning, clustering and keys of BigQuery."""
    load(bigquery, RUN, [hand_over(Contract.of("fact_landing", Plain), LANDINGS, tmp_path)])
    contract = Contract.of("fact_landing", model)
    assert refill(bigquery, NEXT_RUN, [hand_over(contract, LANDINGS, tmp_path)])
    assert bigquery.changes([contract]) == []
    assert all_of(bigquery, contract) == LANDINGS


INDEXED = "CREATE INDEX by_name ON dim_planet (name); CREATE INDEX by_id ON dim_planet (planet_id)"


def test_what_a_person_keeps_in_the_file_outlives_a_refill(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Views, tables and indexes; of an index on a column that is gone it is told. A week later the old rows go."""
    warehouse = DuckDBWarehouse(tmp_path / "star.duckdb")
    load(warehouse, RUN, night(tmp_path, 4, [PLANET]))
    with duckdb.connect(str(warehouse.path)) as connection:
        connection.execute(f"{INDEXED}; CREATE VIEW many AS SELECT COUNT(*) AS n FROM dim_planet")
        connection.execute("CREATE TABLE notes AS SELECT 'mine' AS note; CREATE SCHEMA etl_kept")
        connection.execute(
            "CREATE TABLE etl_kept.mine AS SELECT 1 AS x; COMMENT ON TABLE etl_kept.mine IS 'Do not touch'"
        )
    contract = Contract.of("dim_planet", NewColumn)
    rows = CHANGES["one column gone, a new one"][1]
    kept = refill(warehouse, NEXT_RUN, [hand_over(contract, rows, tmp_path)])
    read = "SELECT (SELECT n FROM many) AS n, (SELECT note FROM notes) AS note"
    assert warehouse.read(read).to_pylist() == [{"n": 3, "note": "mine"}]
    assert warehouse.read("SELECT index_name FROM duckdb_indexes()").to_pylist() == [{"index_name": "by_id"}]
    assert "dim_planet has no index by_name any more" in caplog.text
    day_before = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    with duckdb.connect(str(warehouse.path)) as connection:
        connection.execute(f"COMMENT ON TABLE {kept['dim_planet']} IS '{day_before}'")
    load(warehouse, "20310520T023000Z", [hand_over(contract, rows, tmp_path)])
    tables = warehouse.read("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'etl_kept'").to_pylist()
    assert tables == [{"table_name": "mine"}]
