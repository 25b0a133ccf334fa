"""A table is published by its changes: the same rows, receipts and record as if all its rows had been replaced.

| before | after | what is done |
|---|---|---|
| 1 on 31 January | 1 on 1 February | one row out of January, one into February |
| 2 without a day | 2 without a day | nothing |
| 3 on 5 March | | one row out of March |
| | 4 without a day | one row in, without a day |
"""

import random
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.contract import Date, Fact, Integer, Key, Money, Text, Timestamp, attribute, measure, natural_key, reference
from etl.contract.table import Contract
from etl.core.errors import WarehouseError
from etl.core.head import Head
from etl.load.by_changes import proof
from etl.load.checks import UnfitError
from etl.load.duckdb.warehouse import DuckDBWarehouse
from etl.load.warehouse import Handover, Warehouse
from etl.receipts.level import Level
from tests.load.changes import by_changes, described, told, whole, with_proof
from tests.load.contracts import PLANET, Rows
from tests.load.nights import NEXT_RUN, ORIGIN, RUN, load, night, publish

RUNS = (RUN, NEXT_RUN, "20310520T023000Z", "20310521T023000Z", "20310522T023000Z")


class FactStay(Fact, partition_by="day"):
    """One row per guest and planet."""

    guest_id: Integer = natural_key("The guest's number.")
    planet_key: Key = reference("dim_planet", "Where.", on="planet_id", grain=True)
    class_: Text = natural_key("The class of the room.")
    day: Date = attribute("The first day.", nullable=True)
    price: Money = measure("The price.", nullable=True)
    remark: Text = attribute("What the guest said.", nullable=True)


class FactCall(Fact, partition_by="called_at", cluster_by=("guest_id",)):
    """One row per call."""

    guest_id: Integer = natural_key("The guest's number.")
    class_: Text = natural_key("The kind of call.")
    called_at: Timestamp = attribute("When (UTC).", nullable=True)
    price: Money = measure("The price.", nullable=True)


class FactBill(Fact):
    """One row per bill."""

    guest_id: Integer = natural_key("The guest's number.")
    class_: Text = natural_key("The kind of bill.")
    day: Date = attribute("The day.", nullable=True)
    price: Money = measure("The price.", nullable=True)


STAY = Contract.of("fact_stay", FactStay)
CALL = Contract.of("fact_call", FactCall)
BILL = Contract.of("fact_bill", FactBill)
FACTS = [STAY, CALL, BILL]

DAYS = [
    *(None, date(2031, 1, 31), date(2031, 2, 1), date(2031, 2, 28), date(2031, 12, 31), date(2032, 1, 1)),
    *(date(1, 1, 1), date(9999, 12, 31)),
]
VALUES: dict[str, list[Any]] = {
    "day": DAYS,
    "called_at": [day and datetime(day.year, day.month, day.day, 23, 59, 59, 999999, UTC) for day in DAYS],
    "price": [None, Decimal("0.00"), Decimal("12.50"), Decimal("-9999999999999999.99")],
    "remark": [None, "", "NA", "two\nlines", 'it\'s \\ "quoted"'],
}
KEYS = [(guest, planet, kind) for guest in range(1, 5) for planet in (0, 1) for kind in ("", "it's", "ñ")]


def row(contract: Contract, key: int, values: tuple[int, int, int]) -> dict[str, Any]:
    """Make a row of numbers: which key it has, and which of each column's values."""
    guest, planet, kind = KEYS[key % len(KEYS)]
    if contract is not STAY:
        guest, planet = guest * 2 + planet, 0
    found: dict[str, Any] = {"guest_id": guest, "planet_key": planet, "class_": kind}
    for number, name in zip(values, ("day", "price", "remark"), strict=True):
        column = "called_at" if name == "day" and contract is CALL else name
        found[column] = VALUES[column][number % len(VALUES[column])]
    return {name: found[name] for name in contract.schema.names}


NIGHTS = st.lists(
    st.dictionaries(st.integers(0, len(KEYS) - 1), st.tuples(*[st.integers(0, 7)] * 3), max_size=len(KEYS)),
    min_size=2,
    max_size=4,
)
"""What lies in a table each night: by the number of a key, those of its values."""


def rows_of(contract: Contract, night: dict[int, tuple[int, int, int]]) -> Rows:
    """Make the rows of a night."""
    return [row(contract, key, values) for key, values in night.items()]


def sorted_rows(rows: Rows) -> Rows:
    """Put rows in some order."""
    return sorted(rows, key=repr)


def published(warehouse: Warehouse, contract: Contract) -> Rows:
    """Read all rows of a table."""
    columns = ", ".join(f"{name}" for name in contract.schema.names)
    return sorted_rows(warehouse.read(f"SELECT {columns} FROM {contract.name}").to_pylist())


def record(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    """Read the record: the run, the star's run, how many rows, and the receipt."""
    asked = "SELECT run_id, star_run, row_count, receipt FROM etl_runs ORDER BY 1"
    return [tuple(each.values()) for each in warehouse.read(asked).to_pylist()]


def check(warehouse: Warehouse, contract: Contract, nights: list[Rows], folder: Path) -> None:
    """Publish the first night whole and each other by its changes; compare with what is to be there."""
    warehouse.ensure([contract])
    head, handovers = Head(), []
    for number, (run, rows) in enumerate(zip(RUNS, nights, strict=False)):
        place = folder / run
        handover = by_changes(contract, nights[number - 1], rows, place) if number else whole(contract, rows, place)
        handovers.append(replace(handover, star_run=run))
        warehouse.stage(run, handovers[-1])
        warehouse.publish([handovers[-1]], head, Head(run, ORIGIN))
        assert published(warehouse, contract) == sorted_rows(rows)
        head = Head(run, ORIGIN)
    assert warehouse.head() == head
    assert warehouse.published_receipt(contract, handover.receipt) == handover.receipt
    assert record(warehouse) == [
        (run, run, handover.receipt.rows, handover.receipt.model_dump_json())
        for run, handover in zip(RUNS, handovers, strict=False)
    ]


@pytest.mark.parametrize("contract", FACTS, ids=lambda contract: contract.name)
@settings(max_examples=10)
@given(nights=NIGHTS)
def test_any_nights_end_where_whole_tables_would(
    contract: Contract, nights: list[dict[int, tuple[int, int, int]]]
) -> None:
    """Rows that come, go, change and move between months, with and without a day, in months at the ends of time."""
    with TemporaryDirectory() as folder, DuckDBWarehouse(Path(folder) / "star.duckdb") as warehouse:
        check(warehouse, contract, [rows_of(contract, night) for night in nights], Path(folder))


@pytest.mark.parametrize("contract", FACTS, ids=lambda contract: contract.name)
def test_every_warehouse_publishes_by_changes(warehouse: Warehouse, contract: Contract, tmp_path: Path) -> None:
    """Some nights at random, in either warehouse; the last of them changes nothing."""
    chance, nights = random.Random(contract.name), [{}]
    for _ in range(3):
        night = {key: values for key, values in nights[-1].items() if chance.random() < 0.8}
        for key in chance.sample(range(len(KEYS)), 8):
            night[key] = (chance.randrange(8), chance.randrange(4), chance.randrange(5))
        nights.append(night)
    nights.append(nights[-1])
    check(warehouse, contract, [rows_of(contract, night) for night in nights[1:]], tmp_path)


BEFORE = [row(STAY, key, (key, key, key)) for key in range(8)]
AFTER = [*BEFORE[2:], BEFORE[1] | {"day": date(2031, 7, 1)}, row(STAY, 9, (0, 0, 0))]


@pytest.fixture
def last_night(warehouse: Warehouse, tmp_path: Path) -> Warehouse:
    """Give a warehouse in which stays are published, and planets."""
    load(warehouse, RUN, [whole(STAY, BEFORE, tmp_path / "before"), *night(tmp_path, 3, [PLANET])])
    return warehouse


def by_hand(warehouse: Warehouse, statement: str) -> None:
    """Change the published stays as a person does."""
    if isinstance(warehouse, DuckDBWarehouse):
        with duckdb.connect(str(warehouse.path)) as connection:
            connection.execute(statement)
    else:
        table = f"`{warehouse._dataset}.fact_stay`"  # type: ignore[attr-defined]
        warehouse._client.query_and_wait(statement.replace("fact_stay", table))  # type: ignore[attr-defined]


def refused(warehouse: Warehouse, handover: Handover, how: str) -> None:
    """Publish what does not fit, together with a table that does; see that nothing at all is published."""
    before, there = record(warehouse), published(warehouse, STAY)
    other = night(handover_folder(handover), 2, [PLANET])
    for each in (*other, handover):
        warehouse.stage(NEXT_RUN, each)
    with pytest.raises(UnfitError, match=rf"The published rows of fact_stay do not fit its changes: .*{how}") as error:
        publish(warehouse, NEXT_RUN, [*other, handover])
    assert error.value.table == "fact_stay"
    assert (record(warehouse), published(warehouse, STAY)) == (before, there)
    assert warehouse.read("SELECT COUNT(*) AS n FROM dim_planet").to_pylist() == [{"n": 3}]
    assert warehouse.head() == Head(RUN, ORIGIN)


def handover_folder(handover: Handover) -> Path:
    """Return where a handover's files lie."""
    return handover.staged[0].files[0].parent


@pytest.mark.parametrize(
    ("statement", "how"),
    [
        (
            "DELETE FROM fact_stay WHERE guest_id = 1 AND planet_key = 0 AND class_ = ''",
            "not exactly 2 rows",
        ),
        ("UPDATE fact_stay SET day = DATE '2031-03-01' WHERE day = '2031-01-31'", "not exactly 2 rows"),
        ("DELETE FROM fact_stay WHERE day = DATE '2032-01-01'", "8 rows are 7"),
    ],
    ids=["a removed row is gone", "a changed row is in another month", "a row of another month is gone"],
)
def test_rows_changed_by_hand_are_not_published_upon(
    last_night: Warehouse, tmp_path: Path, statement: str, how: str
) -> None:
    """Whatever the changes show of it: then nothing is published, of no table."""
    by_hand(last_night, statement)
    refused(last_night, by_changes(STAY, BEFORE, AFTER, tmp_path / "after"), how)


def test_what_stands_in_a_month_is_compared_with_its_receipt(last_night: Warehouse, tmp_path: Path) -> None:
    """A sum, a number of NULLs, or a value that was given to another row."""
    handover = by_changes(STAY, BEFORE, AFTER, tmp_path / "after")
    assert handover.delta
    price = handover.delta.proof.columns["price"]
    columns = handover.delta.proof.columns | {"price": price.model_copy(update={"sum": "1"})}
    refused(last_night, with_proof(handover, columns=columns), r"price\W+sum")
    refused(last_night, with_proof(handover, hash_sum="1"), "the hash over the rows")


def test_a_value_changed_by_hand_in_a_month_that_changes_is_seen(last_night: Warehouse, tmp_path: Path) -> None:
    """The row itself is none of the changed ones."""
    rows = [*BEFORE, row(STAY, 20, (1, 2, 0))]
    load(last_night, NEXT_RUN, [whole(STAY, rows, tmp_path / "more")])
    by_hand(last_night, "UPDATE fact_stay SET price = 1 WHERE guest_id = 4 AND day = DATE '2031-01-31'")
    handover = by_changes(STAY, rows, [*rows[:1], *rows[2:]], tmp_path / "after")
    last_night.stage(RUNS[2], handover)
    with pytest.raises(UnfitError, match=r"price\W+sum.*the hash over the rows"):
        publish(last_night, RUNS[2], [handover])


def test_a_table_without_changes_is_left_alone(last_night: Warehouse, tmp_path: Path) -> None:
    """Nothing of it is staged; the record says that it is of this night."""
    handover = replace(by_changes(STAY, BEFORE, BEFORE, tmp_path / "after"), star_run=NEXT_RUN)
    assert handover.staged == ()
    load(last_night, NEXT_RUN, [handover])
    assert published(last_night, STAY) == sorted_rows(BEFORE)
    assert record(last_night)[-1][:3] == (NEXT_RUN, NEXT_RUN, 8)
    by_hand(last_night, "DELETE FROM fact_stay WHERE guest_id = 1")
    with pytest.raises(UnfitError, match="8 rows are"):
        load(last_night, RUNS[2], [handover])


def test_of_two_loads_by_changes_one_publishes(last_night: Warehouse, tmp_path: Path) -> None:
    """The other one finds another head."""
    seen, handover = last_night.head(), by_changes(STAY, BEFORE, AFTER, tmp_path / "after")
    for run in (NEXT_RUN, RUNS[2]):
        last_night.stage(run, handover)
    last_night.publish([handover], seen, Head(NEXT_RUN, ORIGIN))
    last_night.stage(RUNS[2], handover)
    with pytest.raises(WarehouseError, match="Another load published"):
        last_night.publish([handover], seen, Head(RUNS[2], ORIGIN))
    assert published(last_night, STAY) == sorted_rows(AFTER)


def test_staging_changes_again_loads_nothing_twice(last_night: Warehouse, tmp_path: Path) -> None:
    """The parts are staged beside each other, each with its own rows."""
    handover = by_changes(STAY, BEFORE, AFTER, tmp_path / "after")
    for _ in range(2):
        last_night.stage(NEXT_RUN, handover)
        assert [last_night.staged_rows(NEXT_RUN, part) for part in handover.staged] == [2, 2]
    publish(last_night, NEXT_RUN, [handover])
    assert published(last_night, STAY) == sorted_rows(AFTER)


def test_a_column_of_which_only_nulls_stand_has_no_sum(last_night: Warehouse, tmp_path: Path) -> None:
    """Also where the receipt of a month was reckoned by taking away, which leaves 0."""
    after = [*BEFORE[:1], *BEFORE[2:], BEFORE[1] | {"price": None}]
    table, change = described(STAY, after), told(STAY, BEFORE, after, tmp_path / "after")
    january = table.by_partition["2031-01"]
    columns = january.columns | {"price": january.columns["price"].model_copy(update={"sum": "0"})}
    parts = table.by_partition | {"2031-01": january.model_copy(update={"columns": columns})}
    reckoned = proof(STAY, table.model_copy(update={"by_partition": parts}), change, Level.FULL)
    handover = by_changes(STAY, BEFORE, after, tmp_path / "after")
    assert handover.delta
    load(last_night, NEXT_RUN, [replace(handover, delta=replace(handover.delta, proof=reckoned))])
    assert published(last_night, STAY) == sorted_rows(after)
