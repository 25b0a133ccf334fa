"""What every warehouse promises, whichever it is: these scenarios run over DuckDB and over BigQuery."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from etl.contract import Dimension, Integer, Key, Text, attribute, change_key, natural_key, surrogate_key
from etl.contract.history import BEGINNING, END
from etl.contract.table import Contract
from etl.core.errors import WarehouseError
from etl.core.head import Head
from etl.core.manifest import Standing, Watermark
from etl.load.duckdb.warehouse import DuckDBWarehouse
from etl.load.warehouse import Handover, Warehouse
from tests.load.contracts import FLIGHT, PLANET, SHIP, STAR, Rows, flights, planets
from tests.load.nights import (
    AS_OF,
    NEXT_RUN,
    ORIGIN,
    RUN,
    all_of,
    counts,
    false_receipt,
    hand_over,
    load,
    night,
    publish,
)


class PlanetOfName(Dimension):
    """One row per planet."""

    planet_key: Key = surrogate_key()
    title: Text = natural_key("What it is called.")


class DimMayor(Dimension):
    """One row per town and mayor."""

    mayor_key: Key = surrogate_key()
    town: Text = natural_key("Where.")
    term: Integer = change_key("The term.")
    mayor: Text = attribute("Who.", nullable=True, history=True)


class DimMayorOfToday(Dimension):
    """One row per town."""

    mayor_key: Key = surrogate_key()
    town: Text = natural_key("Where.")
    mayor: Text = attribute("Who.", nullable=True)


def test_first_publish_creates_everything(warehouse: Warehouse, tmp_path: Path) -> None:
    """Nothing has to be made by hand before the first night."""
    load(warehouse, RUN, night(tmp_path, 3, STAR))
    assert counts(warehouse, STAR) == [3, 3, 3]


def test_dry_run_names_all_that_is_missing_and_touches_nothing(warehouse: Warehouse) -> None:
    """`changes` says what `ensure` would do, and after `ensure` has done it there is nothing left to say."""
    announced = warehouse.changes(STAR)
    assert warehouse.changes(STAR) == announced
    for contract in STAR:
        assert f"The table {contract.name} is created." in announced
    warehouse.ensure(STAR)
    assert warehouse.changes(STAR) == []


def test_names_are_in_any_language(warehouse: Warehouse, tmp_path: Path) -> None:
    """Tables and columns are called as the company calls them; two that differ in one letter are two."""

    class Senor(Dimension):
        """One row per señor."""

        señor_key: Key = surrogate_key()
        größe_日本: Text = natural_key("What he is called.")

    contracts = [Contract.of(name, Senor) for name in ("dim_señor", "dim_seãor")]
    load(warehouse, RUN, [hand_over(c, [{"señor_key": 0, "größe_日本": "ñ"}], tmp_path) for c in contracts])
    assert counts(warehouse, contracts) == [1, 1]


def test_tables_are_there_and_empty_before_the_first_night(warehouse: Warehouse) -> None:
    """Reports can be built on the tables as soon as they are prepared."""
    warehouse.ensure(STAR)
    assert counts(warehouse, STAR) == [0, 0, 0]
    assert warehouse.published() == []


def test_nothing_is_published_in_a_new_warehouse(warehouse: Warehouse) -> None:
    """A warehouse that nobody has loaded yet is no error for who asks what it holds."""
    assert warehouse.published() == []


def test_second_night_replaces_the_first(warehouse: Warehouse, tmp_path: Path) -> None:
    """Rows of last night never pile up under those of this one."""
    load(warehouse, RUN, night(tmp_path, 5))
    load(warehouse, NEXT_RUN, night(tmp_path, 2))
    assert counts(warehouse) == [2, 2]


def test_tables_of_several_files_are_whole(warehouse: Warehouse, tmp_path: Path) -> None:
    """However many files a table comes in, all their rows are published."""
    warehouse.ensure([FLIGHT])
    handover = hand_over(FLIGHT, flights(10), tmp_path, files=3)
    warehouse.stage(RUN, handover)
    publish(warehouse, RUN, [handover])
    assert all_of(warehouse, FLIGHT) == flights(10)


def test_staging_again_loads_nothing_twice(warehouse: Warehouse, tmp_path: Path) -> None:
    """A stage that is repeated for the same run leaves the same rows in staging."""
    warehouse.ensure([FLIGHT])
    handover = hand_over(FLIGHT, flights(10), tmp_path, files=2)
    for _ in range(3):
        warehouse.stage(RUN, handover)
        assert warehouse.staged_rows(RUN, handover) == handover.receipt.rows


def test_publishing_again_changes_nothing(warehouse: Warehouse, tmp_path: Path) -> None:
    """A run that is repeated as a whole ends where it ended before, with one row of `etl_runs` a table."""
    handovers = night(tmp_path, 4)
    load(warehouse, RUN, handovers)
    load(warehouse, RUN, handovers)
    assert counts(warehouse) == [4, 4]
    assert warehouse.read("SELECT COUNT(*) AS n FROM etl_runs").to_pylist() == [{"n": 2}]


def test_wrong_receipt_is_found_in_staging(warehouse: Warehouse, tmp_path: Path) -> None:
    """Rows that are not those of the receipt are refused before anything is published, and the difference is named."""
    warehouse.ensure([PLANET])
    with pytest.raises(WarehouseError, match=r"staged rows of dim_planet .* 3 rows are 2"):
        warehouse.stage(RUN, false_receipt(hand_over(PLANET, planets(2), tmp_path)))


def test_mismatch_in_publishing_leaves_last_night(warehouse: Warehouse, tmp_path: Path) -> None:
    """If one table's published rows are not those of its receipt, no table changes, and nor does `etl_runs`."""
    load(warehouse, RUN, night(tmp_path, 5))
    before = warehouse.published()
    handovers = night(tmp_path, 2)
    for handover in handovers:
        warehouse.stage(NEXT_RUN, handover)
    with pytest.raises(WarehouseError, match=r"published rows of dim_ship .*rows"):
        publish(warehouse, NEXT_RUN, [handovers[0], false_receipt(handovers[1])])
    assert counts(warehouse) == [5, 5]
    assert warehouse.published() == before


def test_every_figure_of_a_receipt_is_checked_in_publishing(warehouse: Warehouse, tmp_path: Path) -> None:
    """A sum, a limit or a number of NULLs that differs is enough to refuse, and is named."""
    warehouse.ensure([FLIGHT])
    handover = hand_over(FLIGHT, flights(3), tmp_path)
    warehouse.stage(RUN, handover)
    altered: list[tuple[str, str, object]] = [
        ("price", "sum", "37.49"),
        ("day", "min", "2031-05-16"),
        ("landed_at", "max", "2031-05-17T04:05:06.789013+00:00"),
        ("flight_id", "max", None),
        ("remark", "nulls", 1),
    ]
    with pytest.raises(WarehouseError) as refusal:
        publish(warehouse, RUN, [_with_figures(handover, altered)])
    for column, figure, _ in altered:
        assert re.search(rf"{column}\W+{figure}", refusal.value.message)
    assert "planet_key" not in refusal.value.message


STANDING = Standing(
    parent=RUN,
    star=RUN,
    raw=RUN,
    watermarks={'ships\' "log"': Watermark(greatest="2031-05-18 02:30:00.5+00:00", since="\\1", swept=AS_OF)},
)


def test_of_two_loads_that_race_one_publishes(warehouse: Warehouse, tmp_path: Path) -> None:
    """Both looked at the same head: the first one moves it, the other one changes nothing and says so."""
    assert warehouse.head() == Head()
    load(warehouse, RUN, night(tmp_path, 5))
    seen, handovers = warehouse.head(), night(tmp_path, 2)
    assert seen == Head(RUN, ORIGIN)
    for handover in handovers:
        warehouse.stage(NEXT_RUN, handover)
    warehouse.publish(handovers, seen, Head(NEXT_RUN, {}, STANDING))
    assert warehouse.head() == Head(NEXT_RUN, {}, STANDING)
    late = night(tmp_path, 7)
    for handover in late:
        warehouse.stage("20310520T023000Z", handover)
    with pytest.raises(WarehouseError, match=f"Another load published .* run {RUN} was published last") as told:
        warehouse.publish(late, seen, Head("20310520T023000Z", ORIGIN))
    assert "run LoadFilesBQ.py again" in told.value.hint.replace("Run", "run")
    assert (counts(warehouse), warehouse.head()) == ([2, 2], Head(NEXT_RUN, {}, STANDING))
    load(warehouse, RUN, night(tmp_path, 3))  # an older one, on purpose
    assert (counts(warehouse), warehouse.head()) == ([3, 3], Head(RUN, ORIGIN))


def test_a_warehouse_of_an_older_version_gets_its_head_from_its_runs(warehouse: Warehouse, tmp_path: Path) -> None:
    """Which run published last is known, to whom it belongs is not."""
    load(warehouse, NEXT_RUN, night(tmp_path, 5))
    load(warehouse, RUN, night(tmp_path, 5))
    if isinstance(warehouse, DuckDBWarehouse):
        with duckdb.connect(str(warehouse.path)) as connection:
            connection.execute("DROP TABLE etl_head")
    else:
        warehouse._client.delete_table(f"{warehouse._dataset}.etl_head")  # type: ignore[attr-defined]
    assert warehouse.head() == Head(NEXT_RUN)
    warehouse.ensure([PLANET, SHIP])
    [row] = warehouse.read("SELECT * FROM etl_head").to_pylist()
    assert row == {"run_id": NEXT_RUN, "origin": "{}", "standing": None}
    assert warehouse.head() == Head(NEXT_RUN)


def test_a_head_of_an_older_version_gets_what_it_lacks(warehouse: Warehouse, tmp_path: Path) -> None:
    """It said which run published and to whom that belongs, and goes on saying so; the next publish tells all."""
    load(warehouse, RUN, night(tmp_path, 5))
    if isinstance(warehouse, DuckDBWarehouse):
        with duckdb.connect(str(warehouse.path)) as connection:
            connection.execute("ALTER TABLE etl_head DROP COLUMN standing")
    else:
        _make_older(warehouse)
    assert warehouse.head() == Head(RUN, ORIGIN)
    assert warehouse.changes([PLANET, SHIP]) == [
        "etl_head gets the column standing STRING."
        if not isinstance(warehouse, DuckDBWarehouse)
        else "etl_head gets the column standing VARCHAR."
    ]
    handovers = night(tmp_path, 2)
    warehouse.ensure([PLANET, SHIP])
    for handover in handovers:
        warehouse.stage(NEXT_RUN, handover)
    warehouse.publish(handovers, warehouse.head(), Head(NEXT_RUN, ORIGIN, STANDING))
    assert warehouse.head() == Head(NEXT_RUN, ORIGIN, STANDING)


def _make_older(warehouse: Any) -> None:
    """Take the column that tells where nights stand out of BigQuery's head."""
    name = f"{warehouse._dataset}.etl_head"
    table = warehouse._client.get_table(name)
    [(run, origin)] = [(row["run_id"], row["origin"]) for row in warehouse.read("SELECT * FROM etl_head").to_pylist()]
    warehouse._client.delete_table(name)
    table.schema = [field for field in table.schema if field.name != "standing"]
    warehouse._client.create_table(table)
    warehouse._client.query_and_wait(f"INSERT INTO `{name}` (run_id, origin) VALUES ('{run}', '{origin}')")


def test_the_published_surrogate_keys_can_be_read(warehouse: Warehouse, tmp_path: Path) -> None:
    """With the natural keys, without the unknown member; of what is not there, or has no such key, nothing is told."""
    assert warehouse.numbers(PLANET) is None
    load(warehouse, RUN, night(tmp_path, 3))
    found = warehouse.numbers(PLANET)
    assert found is not None
    assert sorted(found.to_pylist(), key=str) == [{"planet_id": n, "planet_key": n} for n in (1, 2)]
    renamed = Contract.of("dim_planet", PlanetOfName)
    assert warehouse.numbers(renamed) is None


def test_the_published_keys_of_versions_can_be_read(warehouse: Warehouse, tmp_path: Path) -> None:
    """With the change keys, and of a member whose durable key no published version has, that one.

    Where history is new or gone in the contract, the numbers are of members: those of the current versions.
    """
    rows = [
        {"mayor_key": key, "town": town, "term": term, "mayor": "x", "valid_from": BEGINNING, "valid_to": END}
        | {"is_current": key == 4, "version": 1, "mayor_durable_key": durable}
        for key, town, term, durable in ((0, None, None, 0), (3, "A", 1, 2), (4, "A", 2, 2), (5, "B", 1, 5))
    ]
    mayors, plain = Contract.of("dim_mayor", DimMayor), Contract.of("dim_mayor", DimMayorOfToday)
    load(warehouse, RUN, [hand_over(mayors, rows, tmp_path)])
    found = warehouse.numbers(mayors)
    assert found is not None
    assert sorted(found.to_pylist(), key=str) == [
        {"town": "A", "term": 1, "mayor_key": 3},
        {"town": "A", "term": 2, "mayor_key": 4},
        {"town": "A", "term": None, "mayor_key": 2},
        {"town": "B", "term": 1, "mayor_key": 5},
    ]
    today = warehouse.numbers(plain)
    assert today is not None
    assert today.to_pylist() == [{"town": "A", "mayor_key": 4}]


def test_publishing_some_tables_leaves_the_others(warehouse: Warehouse, tmp_path: Path) -> None:
    """What is not handed over stays as it was, rows and history."""
    load(warehouse, RUN, night(tmp_path, 5))
    planet = hand_over(PLANET, planets(2), tmp_path)
    warehouse.stage(NEXT_RUN, planet)
    publish(warehouse, NEXT_RUN, [planet])
    assert counts(warehouse) == [2, 5]
    assert {p.table: p.run for p in warehouse.published()} == {"dim_planet": NEXT_RUN, "dim_ship": RUN}


def test_etl_runs_says_what_was_published(warehouse: Warehouse, tmp_path: Path) -> None:
    """Each run and table has one row with its source's instant, its rows and its whole receipt."""
    handover = hand_over(PLANET, planets(4), tmp_path, rejected=2)
    load(warehouse, RUN, [handover])
    [row] = warehouse.read("SELECT * FROM etl_runs").to_pylist()
    assert abs(datetime.now(UTC) - row.pop("published_at")).total_seconds() < 60
    assert row == {
        "run_id": RUN,
        "table_name": "dim_planet",
        "star_run": handover.star_run,
        "as_of": AS_OF,
        "row_count": 4,
        "rejected": 2,
        "receipt": handover.receipt.model_dump_json(),
        "anew": None,
    }
    [published] = warehouse.published()
    assert (published.run, published.table, published.as_of, published.rows) == (RUN, "dim_planet", AS_OF, 4)


def test_history_of_runs_is_kept(warehouse: Warehouse, tmp_path: Path) -> None:
    """`etl_runs` grows by a row a table every night."""
    load(warehouse, RUN, night(tmp_path, 3))
    load(warehouse, NEXT_RUN, night(tmp_path, 4))
    rows = warehouse.read("SELECT run_id, row_count FROM etl_runs WHERE table_name = 'dim_ship' ORDER BY run_id")
    assert rows.to_pylist() == [{"run_id": RUN, "row_count": 3}, {"run_id": NEXT_RUN, "row_count": 4}]


def test_empty_table_is_published(warehouse: Warehouse, tmp_path: Path) -> None:
    """A table without a row is a table: it replaces the rows of last night."""
    load(warehouse, RUN, night(tmp_path, 3, [FLIGHT]))
    load(warehouse, NEXT_RUN, night(tmp_path, 0, [FLIGHT]))
    assert counts(warehouse, [FLIGHT]) == [0]


TEXTS = [
    None,
    "",
    "NA",
    "null",
    " both ends ",
    'a "quoted" word',
    "it's",
    "two\nlines",
    "two\r\nlines",
    "C:\\new\\table",
    "\\N",
    "a,b;c\td",
    "🚀 España 日本 ﷺ",
    "`${x}` -- %s",
]


def test_texts_survive(warehouse: Warehouse, tmp_path: Path) -> None:
    """NULL, '' and "NA" are three values, and no sign of a text is lost or changed."""
    rows = [{"planet_key": n, "planet_id": n, "name": text} for n, text in enumerate(TEXTS)]
    load(warehouse, RUN, [hand_over(PLANET, rows, tmp_path)])
    assert all_of(warehouse, PLANET) == rows


def test_edge_values_survive(warehouse: Warehouse, tmp_path: Path) -> None:
    """Money is exact to 18 digits, sums beyond 64 bits, times to the microsecond; dates reach from year 1 to 9999."""
    edges: Rows = [
        {"price": Decimal("9999999999999999.99"), "day": date(1, 1, 1), "landed_at": datetime(1, 1, 1, tzinfo=UTC)},
        {
            "price": Decimal("-9999999999999999.99"),
            "day": date(9999, 12, 31),
            "landed_at": datetime(9999, 12, 31, 23, 59, 59, 999999, UTC),
        },
        {"price": Decimal("0.01"), "landed_at": datetime(1969, 12, 31, 23, 59, 59, 999999, UTC), "late": True},
        {"price": Decimal("0.00"), "weight": 0.1 + 0.2},
        {"price": None, "landed_at": None, "weight": None, "late": None, "remark": None},
    ]
    rows = [row | {"flight_id": n} for n, edge in enumerate(edges) for row in flights(1, **edge)]
    rows += [row | {"flight_id": 2**63 - 1 - n} for n in (1, 0) for row in flights(1, planet_key=2**63 - 1)]
    load(warehouse, RUN, [hand_over(FLIGHT, rows, tmp_path)])
    assert all_of(warehouse, FLIGHT) == rows


def test_all_null_columns_have_equal_receipts(warehouse: Warehouse, tmp_path: Path) -> None:
    """A column without any value has no sum and no limits, whoever computes them."""
    nothing = {"landed_at": None, "price": None, "weight": None, "late": None, "remark": None}
    handover = hand_over(FLIGHT, flights(3, **nothing), tmp_path)
    load(warehouse, RUN, [handover])
    assert warehouse.published_receipt(FLIGHT, handover.receipt) == handover.receipt


def test_description_says_where_the_tables_are(warehouse: Warehouse) -> None:
    """A person is told where to look."""
    assert "The tables are in the " in warehouse.describe()
    assert SHIP.name not in warehouse.describe()


def _with_figures(handover: Handover, altered: list[tuple[str, str, object]]) -> Handover:
    receipt = handover.receipt
    columns = {column: receipt.columns[column].model_copy(update={figure: value}) for column, figure, value in altered}
    return replace(handover, receipt=receipt.model_copy(update={"columns": receipt.columns | columns}))
