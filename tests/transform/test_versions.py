"""Versions of members (type 2): how they are made, what they are called, and which one a fact refers to.

| what happens | what becomes of it |
|---|---|
| the first version | it reaches back to 1900-01-01, whenever the source says that it began |
| a change | a version from the business day of its instant on; the one before ends that day |
| several on one day | the last counts, from that day on; of equal instants the greater change key |
| a change to what was there | none: neighbours that are equal in all that has history are one |
| there and back | three versions |
| a change planned for later | a version that is not current yet; it becomes so by the calendar |
| what has no history | in all versions as in the newest one |
"""

import datetime as dt
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.company.tables import contracts
from etl.contract import lookup
from etl.contract.history import BEGINNING, END
from etl.contract.night import Night
from etl.contract.versions import VersionIndex, with_versions
from etl.core.errors import ContractError
from etl.core.surrogates import reconciled, with_change_key
from etl.testing import TONIGHT
from etl.testing.company import Company
from etl.transform.keys import give_surrogate_keys
from etl.transform.version_keys import durable_keys, with_current_versions
from tests.transform.house import HEAD, House, Raw

DIM_SHOP = '''
class DimShop(Dimension, rows_of=("moves",)):
    """One row per shop and city."""

    shop_key: Key = surrogate_key()
    shop_id: Integer = natural_key("Its number.")
    move_id: Integer = change_key("The move.")
    city: Text = attribute("Where it is.", nullable=True, unknown="Nowhere", history=True)
    owner: Text = attribute("Whose it is.", nullable=True)


def build(moves: pd.DataFrame) -> pd.DataFrame:
    return moves.rename(columns={"moved_at": "valid_from"})
'''
FACT_SALE = '''
class FactSale(Fact, stream="sales", unknown=1):
    """One row per sale."""

    sale_id: Integer = natural_key("Its number.")
    shop_key: Key = reference("dim_shop", "The shop, where it was then.", as_of="sold_at")
    present_shop_key: Key = reference("dim_shop", "The shop, where it is.", active=False)
    city: Text = attribute("Where it was.", nullable=True)
    present_city: Text = attribute("Where it is.", nullable=True)


def build(sales: pd.DataFrame, dim_shop: pd.DataFrame, night: Night) -> pd.DataFrame:
    shop = sales[["shop_id"]]
    return sales.assign(
        city=lookup(shop, dim_shop, "city", as_of=business_date(sales["sold_at"], night.time_zone)),
        present_city=lookup(shop, dim_shop, "city"),
    )
'''
MOVES = "shop_id int64, move_id int64, city string, owner string, moved_at timestamp[us, tz=UTC]"
SALES = "sale_id int64, shop_id int64, sold_at timestamp[us, tz=UTC]"


@pytest.fixture
def company(tmp_path: Path) -> Company:
    """Shops that move."""
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "dim_shop.py").write_text(HEAD + DIM_SHOP, encoding="utf-8")
    return Company(tmp_path / "tables", tmp_path / "queries")


def drawn_moves(table: str) -> pd.DataFrame:
    """Read drawn moves: `when` is an instant in UTC."""
    lines = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in table.strip().splitlines()]
    rows = [dict(zip(lines[0], cells, strict=True)) for cells in lines[2:]]
    found = {
        "shop_id": pa.array([int(row["shop_id"]) for row in rows]),
        "move_id": pa.array([None if row["move_id"] == "∅" else int(row["move_id"]) for row in rows], pa.int64()),
        "city": pa.array([None if row["city"] == "∅" else row["city"] for row in rows], pa.string()),
        "owner": pa.array([row.get("owner", "Ann") for row in rows]),
        "moved_at": pa.array([_instant(row["when"]) for row in rows], pa.timestamp("us", "UTC")),
    }
    return pa.table(found).to_pandas(types_mapper=pd.ArrowDtype)


def _instant(text: str) -> dt.datetime | None:
    return None if text == "∅" else dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def test_each_change_makes_a_version_that_ends_where_the_next_begins(company: Company) -> None:
    """The first one reaches back to the beginning, whether the source says when it began or not."""
    moves = """
        | shop_id | move_id | city | when             |
        | ------- | ------- | ---- | ---------------- |
        | 1       | 11      | A    | ∅                |
        | 1       | 12      | B    | 2029-05-01 08:00 |
        | 1       | 13      | A    | 2029-06-01 08:00 |
        | 2       | 21      | C    | 2029-05-01 08:00 |
        | 2       | ∅       | ∅    | ∅                |
        | 3       | ∅       | C    | 2029-05-01 08:00 |
    """
    company.build("dim_shop", moves=drawn_moves(moves)).must_be(
        """
        | shop_id | move_id | city | valid_from | valid_to   | is_current | version |
        | ------- | ------- | ---- | ---------- | ---------- | ---------- | ------- |
        | 1       | 11      | A    | 1900-01-01 | 2029-05-01 | no         | 1       |
        | 1       | 12      | B    | 2029-05-01 | 2029-06-01 | no         | 2       |
        | 1       | 13      | A    | 2029-06-01 | 9999-12-31 | yes        | 3       |
        | 2       | 0       | ∅    | 1900-01-01 | 2029-05-01 | no         | 1       |
        | 2       | 21      | C    | 2029-05-01 | 9999-12-31 | yes        | 2       |
        | 3       | 0       | C    | 1900-01-01 | 9999-12-31 | yes        | 1       |
        """
    )


def test_of_several_changes_on_a_day_the_last_counts_from_that_day_on(company: Company) -> None:
    """Of equal instants it is the greater change key; the day is that of the business, also when the clock changes."""
    moves = """
        | shop_id | move_id | city | when             |
        | ------- | ------- | ---- | ---------------- |
        | 1       | ∅       | A    | ∅                |
        | 1       | 12      | B    | 2029-05-01 08:00 |
        | 1       | 11      | C    | 2029-05-01 09:00 |
        | 1       | 13      | A    | 2029-05-01 09:00 |
        | 2       | ∅       | A    | ∅                |
        | 2       | 22      | C    | 2029-05-01 09:00 |
        | 2       | 21      | B    | 2029-05-01 09:00 |
        | 3       | ∅       | A    | ∅                |
        | 3       | 31      | B    | 2029-05-01 21:59 |
        | 3       | 32      | C    | 2029-05-01 22:00 |
        | 4       | ∅       | A    | ∅                |
        | 4       | 42      | B    | 2029-10-28 00:30 |
        | 4       | 41      | C    | 2029-10-28 01:30 |
        | 4       | 43      | D    | 2029-10-28 22:59 |
        | 4       | 44      | E    | 2029-10-28 23:00 |
    """
    company.build("dim_shop", moves=drawn_moves(moves)).must_be(
        """
        | shop_id | move_id | city | valid_from | valid_to   |
        | ------- | ------- | ---- | ---------- | ---------- |
        | 1       | 0       | A    | 1900-01-01 | 9999-12-31 |
        | 2       | 0       | A    | 1900-01-01 | 2029-05-01 |
        | 2       | 22      | C    | 2029-05-01 | 9999-12-31 |
        | 3       | 0       | A    | 1900-01-01 | 2029-05-01 |
        | 3       | 31      | B    | 2029-05-01 | 2029-05-02 |
        | 3       | 32      | C    | 2029-05-02 | 9999-12-31 |
        | 4       | 0       | A    | 1900-01-01 | 2029-10-28 |
        | 4       | 43      | D    | 2029-10-28 | 2029-10-29 |
        | 4       | 44      | E    | 2029-10-29 | 9999-12-31 |
        """
    )


def test_a_planned_change_is_current_from_its_day_on_without_a_changed_row(company: Company) -> None:
    """The business date of the night decides."""
    moves = drawn_moves(
        """
        | shop_id | move_id | city | when             |
        | ------- | ------- | ---- | ---------------- |
        | 1       | 11      | A    | 2029-05-01 08:00 |
        | 1       | 12      | B    | 2030-03-15 23:00 |
        """
    )
    tomorrow = Night(TONIGHT.as_of, dt.date(2030, 3, 16), TONIGHT.time_zone, TONIGHT.window_start)
    for night, current in ((TONIGHT, "A"), (tomorrow, "B")):
        built = company.build("dim_shop", night=night, moves=moves)
        assert [row["city"] for row in built.rows if row["is_current"]] == [current]
        assert [str(row["valid_from"]) for row in built.rows] == ["1900-01-01", "2030-03-16"]


def test_what_has_no_history_is_in_all_versions_as_in_the_newest(company: Company) -> None:
    """Also where the newest row makes no version of its own, or is of a change that is planned."""
    moves = """
        | shop_id | move_id | city | owner | when             |
        | ------- | ------- | ---- | ----- | ---------------- |
        | 1       | 11      | A    | Ann   | 2029-05-01 08:00 |
        | 1       | 13      | B    | Cem   | 2029-07-01 08:00 |
        | 1       | 12      | B    | Bob   | 2029-06-01 08:00 |
        | 2       | 21      | A    | Ann   | 2029-05-01 08:00 |
        | 2       | 22      | B    | Dee   | 2031-05-01 08:00 |
    """
    built = company.build("dim_shop", moves=drawn_moves(moves))
    built.must_be(
        """
        | shop_id | move_id | city | owner |
        | ------- | ------- | ---- | ----- |
        | 1       | 11      | A    | Cem   |
        | 1       | 12      | B    | Cem   |
        | 2       | 21      | A    | Dee   |
        | 2       | 22      | B    | Dee   |
        """
    )
    assert built.checked.counts.merged == 1


def test_what_never_begins_is_rejected_and_what_began_before_the_beginning_is_the_first(company: Company) -> None:
    """The last day that there is stands for no end; Power BI knows no day before 1900."""
    moves = """
        | shop_id | move_id | city | when             |
        | ------- | ------- | ---- | ---------------- |
        | 1       | ∅       | A    | ∅                |
        | 1       | 11      | B    | 1850-05-01 08:00 |
        | 1       | 12      | C    | 1899-12-31 23:00 |
        | 1       | 13      | D    | 9999-12-30 23:30 |
    """
    built = company.build("dim_shop", moves=drawn_moves(moves))
    assert [(row["city"], row["valid_from"]) for row in built.rows] == [("C", BEGINNING)]
    assert built.rejects == {"valid_from is 9999-12-31 or later, the day that stands for no end": 1}


MADRID = ZoneInfo("Europe/Madrid")
INSTANTS = st.none() | st.datetimes(
    dt.datetime(2029, 10, 26), dt.datetime(2029, 10, 30), timezones=st.sampled_from([MADRID, dt.UTC])
)
CHANGES = st.lists(st.tuples(st.integers(1, 3), INSTANTS, st.sampled_from("AB") | st.none()), max_size=12)


@given(CHANGES, st.dates(dt.date(2029, 10, 25), dt.date(2029, 10, 31)), st.randoms())
@settings(max_examples=150, deadline=None)
def test_versions_are_those_that_a_look_at_each_day_finds(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, Any, str | None]], today: dt.date, order: Any
) -> None:
    """Whatever the order of the rows: each day has the version that the changes up to its end lead to."""
    folder = tmp_path_factory.getbasetemp() / "versions"
    if not folder.is_dir():
        folder.mkdir()
        (folder / "dim_shop.py").write_text(HEAD + DIM_SHOP, encoding="utf-8")
    rows = [(shop, number, at and at.astimezone(dt.UTC), city) for number, (shop, at, city) in enumerate(changes, 1)]
    order.shuffle(rows)
    moves = pa.table(
        {
            "shop_id": pa.array([row[0] for row in rows], pa.int64()),
            "move_id": pa.array([row[1] for row in rows], pa.int64()),
            "city": pa.array([row[3] for row in rows], pa.string()),
            "owner": pa.array([str(row[1]) for row in rows], pa.string()),
            "moved_at": pa.array([row[2] for row in rows], pa.timestamp("us", "UTC")),
        }
    ).to_pandas(types_mapper=pd.ArrowDtype)
    night = Night(TONIGHT.as_of, today, "Europe/Madrid", TONIGHT.window_start)
    found = Company(folder, folder / "queries").build("dim_shop", night=night, moves=moves).checked.table.to_pylist()
    for shop, group in groupby(found, key=lambda row: row["shop_id"]):
        versions, mine = (
            list(group),
            sorted(rows, key=lambda row: (row[2] or dt.datetime.min.replace(tzinfo=dt.UTC), row[1])),
        )
        mine = [row for row in mine if row[0] == shop]
        assert [row["version"] for row in versions] == list(range(1, len(versions) + 1))
        assert (versions[0]["valid_from"], versions[-1]["valid_to"]) == (BEGINNING, END)
        assert all(one["valid_to"] == other["valid_from"] > one["valid_from"] for one, other in pairwise(versions))
        assert all(one["city"] != other["city"] for one, other in pairwise(versions))
        assert {row["owner"] for row in versions} == {str(mine[-1][1])}
        first = min((_day(row[2]) for row in mine), default=BEGINNING)
        for day in (dt.date(2029, 10, 25) + dt.timedelta(days=n) for n in range(8)):
            [version] = [row for row in versions if row["valid_from"] <= day < row["valid_to"]]
            until = [row for row in mine if _day(row[2]) <= max(day, first)]
            assert version["city"] == until[-1][3]
            assert version["is_current"] == (version["valid_from"] <= today < version["valid_to"])
    assert {row["shop_id"] for row in found} == {row[0] for row in rows}


def _day(at: dt.datetime | None) -> dt.date:
    return at.astimezone(MADRID).date() if at else BEGINNING


DAYS = st.integers(-3, 12).map(lambda n: dt.date(2030, 1, 1) + dt.timedelta(days=n)) | st.sampled_from([BEGINNING, END])
KEYS = st.tuples(st.integers(0, 3) | st.none(), st.sampled_from("xyz"))


@given(
    st.lists(st.tuples(KEYS, DAYS), max_size=25, unique=True), st.lists(st.tuples(KEYS, st.none() | DAYS)), st.data()
)
@settings(max_examples=200, deadline=None)
def test_the_version_of_a_day_is_found_as_a_search_through_all_finds_it(
    versions: list[tuple[tuple[int | None, str], dt.date]], asked: list[Any], data: st.DataObject
) -> None:
    """The latest that began up to the day; before the first that one; of no day the current one; of nobody none."""
    members = sorted({key for key, _ in versions}, key=str)
    current = {key: data.draw(st.sampled_from([day for who, day in versions if who == key])) for key in members}
    frame = _keyed([key for key, _ in versions])
    index = VersionIndex(
        frame,
        _numbers([day for _, day in versions]),
        np.array([current[key] == day for key, day in versions], dtype=bool),
    )
    columns = _keyed([key for key, _ in asked])
    found = index.positions([columns["a"], columns["b"]], _numbers([day for _, day in asked])).tolist()
    for (key, day), position in zip(asked, found, strict=True):
        mine = sorted(began for who, began in versions if who == key) if None not in key else []
        wanted = None
        if mine:
            wanted = current[key] if day is None else max([began for began in mine if began <= day], default=mine[0])
        assert (versions[position][1] if position >= 0 else None) == wanted
        assert position < 0 or versions[position][0] == key
    now = index.positions([columns["a"], columns["b"]]).tolist()
    assert [versions[at][1] if at >= 0 else None for at in now] == [
        None if None in key else current.get(key) for key, _ in asked
    ]


def _keyed(keys: list[Any]) -> pd.DataFrame:
    columns = {"a": pa.array([a for a, _ in keys], pa.int64()), "b": pa.array([b for _, b in keys], pa.string())}
    return pa.table(columns).to_pandas(types_mapper=pd.ArrowDtype)


def _numbers(days: list[dt.date | None]) -> Any:
    least = np.iinfo(np.int64).min
    return np.array([least if day is None else (day - dt.date(1970, 1, 1)).days for day in days], dtype=np.int64)


@pytest.fixture
def house(tmp_path: Path) -> House:
    """Shops that move, and their sales; no raw run yet."""
    return House(tmp_path, dim_shop=DIM_SHOP, fact_sale=FACT_SALE)


def moves(*rows: str) -> Raw:
    """Make moves of texts like "1 11 A 2029-05-01 08:00": shop, move, city, since when; ∅ is NULL."""
    parts = [[None if part == "∅" else part for part in row.split(" ", 3)] for row in rows]
    return Raw(MOVES, [(shop, move, city, "Ann", at and f"{at}:00+00") for shop, move, city, at in parts], ("move_id",))


def sales(*rows: str) -> Raw:
    """Make sales of texts like "7 1 2029-05-01 08:00": number, shop, when."""
    parts = [[None if part == "∅" else part for part in row.split(" ", 2)] for row in rows]
    return Raw(SALES, [(sale, shop, at and f"{at}:00+00") for sale, shop, at in parts], ("sale_id",))


def versions(house: House) -> dict[int, int]:
    """Give the keys of the newest star by their moves."""
    return {row["move_id"]: row["shop_key"] for row in house.rows("dim_shop") if row["shop_key"]}


def test_a_fact_refers_to_the_version_of_its_day(house: House) -> None:
    """Drawn: moves on 2029-05-01 and 2030-03-16; the night is that of 2030-03-15, in Madrid.

    | sale | on | city |
    |---|---|---|
    | 1 | the day before the move, one minute to midnight | A |
    | 2 | the day of the move, at midnight in Madrid | B |
    | 3 | a day before the first version | A |
    | 4 | no day | B, the current one |
    | 5 | the day from which the planned move holds | C |
    | 6 | any, of an unknown shop, or of none | the unknown member |
    """
    house.raw(
        moves=moves("1 10 A 2029-01-01 08:00", "1 11 B 2029-05-01 08:00", "1 12 C 2030-03-16 08:00"),
        sales=sales(
            "1 1 2029-04-30 21:59", "2 1 2029-04-30 22:00", "3 1 1899-05-01 08:00", "4 1 ∅", "5 1 2030-03-15 23:00",
            "6 9 2029-05-01 08:00", "7 ∅ 2029-05-01 08:00",
        ),
    )  # fmt: skip
    house.build()
    cities = {row["shop_key"]: row["city"] for row in house.rows("dim_shop")}
    found = [(row["sale_id"], cities[row["shop_key"]], row["city"]) for row in house.rows("fact_sale")]
    as_drawn = [(1, "A"), (2, "B"), (3, "A"), (4, "B"), (5, "C")]
    assert found == [(n, city, city) for n, city in as_drawn] + [(6, "Nowhere", None), (7, "Nowhere", None)]
    now = {(cities[row["present_shop_key"]], row["present_city"]) for row in house.rows("fact_sale")[:5]}
    assert now == {("B", "B")}
    [unknown] = [row for row in house.rows("dim_shop") if not row["shop_key"]]
    history = {name: unknown[name] for name in ("valid_from", "valid_to", "is_current", "version", "shop_durable_key")}
    assert list(history.values()) == [BEGINNING, END, True, 1, 0]


def test_versions_that_stay_keep_their_keys_and_those_that_are_gone_are_never_given_again(house: House) -> None:
    """A backdated move gets a number of its own; one that comes back has its old one; a member's durable key stays."""
    nights = [
        (["1 10 A ∅", "2 20 A ∅"], {10: 1, 20: 2}),
        (["1 10 A ∅", "1 12 C 2029-06-01 08:00", "2 20 A ∅"], {10: 1, 20: 2, 12: 3}),
        (["1 10 A ∅", "1 11 B 2029-05-01 08:00", "1 12 C 2029-06-01 08:00"], {10: 1, 12: 3, 11: 4}),
        (["1 11 B 2029-05-01 08:00", "1 12 C 2029-07-01 08:00"], {11: 4, 12: 3}),
        (["1 10 A ∅", "1 13 C 2029-06-01 08:00", "2 20 A ∅"], {10: 1, 13: 5, 20: 2}),
    ]
    for rows, keys in nights:
        house.raw(moves=moves(*rows), sales=sales("1 1 2029-05-20 08:00"))
        house.build()
        assert versions(house) == keys
        assert {(r["shop_id"], r["shop_durable_key"]) for r in house.rows("dim_shop")} <= {(None, 0), (1, 1), (2, 2)}


PLAIN = DIM_SHOP.replace(', rows_of=("moves",)', "").replace(", history=True", "")
PLAIN = PLAIN.replace('    move_id: Integer = change_key("The move.")\n', "").replace(
    'moves.rename(columns={"moved_at": "valid_from"})',
    'moves.drop(columns=["move_id", "moved_at"]).drop_duplicates("shop_id", keep="last")',
)
PLAIN_SALE = '''
class FactSale(Fact, stream="sales", unknown=1):
    """One row per sale."""

    sale_id: Integer = natural_key("Its number.")
    shop_key: Key = reference("dim_shop", "The shop.")


def build(sales: pd.DataFrame) -> pd.DataFrame:
    return sales.drop(columns="sold_at")
'''


def test_history_turned_on_or_off_lets_the_current_version_keep_the_members_key(house: House) -> None:
    """The others get numbers that nobody ever had; so do members' versions after it was off."""
    house.write(dim_shop=PLAIN, fact_sale=PLAIN_SALE)
    rows = moves("1 10 A ∅", "1 11 B 2029-05-01 08:00", "1 12 C 2031-05-01 08:00", "2 20 A ∅")
    house.raw(moves=rows, sales=sales())
    house.build()
    assert {row["shop_id"]: row["shop_key"] for row in house.rows("dim_shop")} == {None: 0, 1: 1, 2: 2}
    house.write(dim_shop=DIM_SHOP, fact_sale=FACT_SALE)
    house.build()
    assert versions(house) == {10: 3, 11: 1, 12: 4, 20: 2}
    assert {(r["shop_id"], r["shop_durable_key"]) for r in house.rows("dim_shop")} == {(None, 0), (1, 1), (2, 2)}
    house.write(dim_shop=PLAIN, fact_sale=PLAIN_SALE)
    house.build()
    assert {row["shop_id"]: row["shop_key"] for row in house.rows("dim_shop")} == {None: 0, 1: 1, 2: 2}
    house.write(dim_shop=DIM_SHOP, fact_sale=FACT_SALE)
    house.build()
    assert versions(house) == {10: 5, 11: 1, 12: 6, 20: 2}


@given(
    st.lists(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 4)), unique=True, min_size=1), min_size=1, max_size=6)
)
@settings(max_examples=60, deadline=None)
def test_durable_keys_stay_also_where_the_key_map_was_lost_and_taken_from_what_is_published(
    tmp_path_factory: pytest.TempPathFactory, nights: list[list[tuple[int, int]]]
) -> None:
    """What is published tells a member's durable key even if the version that had it is published no more."""
    folder = tmp_path_factory.getbasetemp() / "durable"
    if not folder.is_dir():
        folder.mkdir()
        (folder / "dim_shop.py").write_text(HEAD + DIM_SHOP, encoding="utf-8")
    contract = contracts(folder)["dim_shop"]
    known, durable = None, {}
    for night in nights:
        table = pa.table({"shop_id": [shop for shop, _ in night], "move_id": [move for _, move in night]})
        newest = dict(sorted(night))
        table = table.append_column("is_current", pa.array([newest[shop] == move for shop, move in night]))
        known = with_current_versions(table, contract, known)
        keys, known = give_surrogate_keys(table.select(["shop_id", "move_id"]), known, "shop_key")
        found = dict(
            zip(table.column("shop_id").to_pylist(), durable_keys(table, contract, known).to_pylist(), strict=True)
        )
        here = {shop: key for shop, key in durable.items() if shop in found}
        assert found | here == found
        durable = found
        published = table.select(["shop_id", "move_id"]).append_column("shop_key", keys)
        others = pa.table({"shop_id": list(found), "shop_key": list(found.values())})
        others = others.filter(~np.isin(others.column("shop_key").to_numpy(), keys.to_numpy()))
        whole, lacked, wrong = reconciled(known, pa.concat_tables([published, with_change_key(others, contract)]))
        assert (whole.num_rows, lacked, wrong) == (known.num_rows, 0, 0)
        empty = known.schema.empty_table()
        known, _, _ = reconciled(empty, pa.concat_tables([published, with_change_key(others, contract)]))


HISTORY, CHANGE = "|a: Text = attribute('A.', history=True)", "|c: Integer = change_key('C.')"
OWN = "|x: Key = reference('dim_x', 'X.', on='a'"
REFUSED = {
    f"DimX(Dimension, stream='moves'){HISTORY}{CHANGE}": "streamed dimension has no change_key",
    f"DimX(Dimension){HISTORY}{CHANGE}{CHANGE.replace('c:', 'd:')}": "2 columns tell the changes",
    f"DimX(Dimension){CHANGE}|a: Text = attribute('A.')": "no column has history",
    f"DimX(Dimension){HISTORY}{CHANGE.replace('Integer', 'Money')}": "is of the type",
    f"DimX(Dimension){HISTORY.replace('a:', 'version:')}{CHANGE}": "adds version",
    f"DimX(Dimension){HISTORY}|first_seen_at: Date = attribute('D.')": "adds first_seen_at",
    f"DimX(Dimension){HISTORY.replace('True', '1')}{CHANGE}": "neither True nor False",
    f"DimX(Dimension){HISTORY.replace(')', ', pii=DROP)')}{CHANGE}": "not published",
    f"DimX(Dimension){OWN}, as_of='d'){CHANGE}{HISTORY}": "whose versions are being made",
    f"DimX(Dimension){OWN}, history=True)|a: Text = attribute('A.')": "whose history is what nights see",
    f"DimX(Dimension, stream='moves'){OWN}){HISTORY}": "whose history is what nights see",
    f"FactX(Fact){HISTORY}": "the table is no dimension",
    "FactX(Fact)|s: Key = reference('dim_plain', 'S.', as_of='d')": "dim_plain has no history",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_cannot_have_a_history_is_refused_when_the_contract_is_read(tmp_path: Path, text: str) -> None:
    """In a sentence."""
    name, *columns = text.split("|")
    key = ["x_key: Key = surrogate_key()"] if name.startswith("Dim") else []
    body = "\n".join(f"    {line}" for line in ['"""One row."""', *key, "x_id: Integer = natural_key('N.')", *columns])
    build = "def build(moves):\n    return moves\n"
    plain = 'class DimPlain(Dimension):\n    """P."""\n\n    plain_key: Key = surrogate_key()\n'
    plain += '    d: Integer = natural_key("N.")\n'
    file = "dim_x" if name.startswith("Dim") else "fact_x"
    (tmp_path / f"{file}.py").write_text(f"{HEAD}class {name}:\n{body}\n\n\n{build}", encoding="utf-8")
    (tmp_path / "dim_plain.py").write_text(f"{HEAD}{plain}\n\n{build}", encoding="utf-8")
    with pytest.raises(ContractError, match=REFUSED[text]):
        contracts(tmp_path)


def test_versions_are_looked_up_in_a_whole_dimension() -> None:
    """A part of it would hide versions, and what has none cannot be asked; a test draws versions as they are."""
    versions_ = pa.table({"id": [1, 1], "valid_from": [BEGINNING, dt.date(2030, 1, 1)], "x": ["a", "b"]})
    frame = versions_.to_pandas(types_mapper=pd.ArrowDtype)
    asked = pa.table({"id": [1], "day": [dt.date(2029, 1, 1)]}).to_pandas(types_mapper=pd.ArrowDtype)
    assert lookup(asked[["id"]], frame, "x", as_of=asked["day"]).tolist() == ["a"]
    current = with_versions(frame.iloc[[1]], frame)
    assert lookup(asked[["id"]], current, "x").tolist() == ["b"]
    assert lookup(asked[["id"]], current.assign(y=1), "x", as_of=asked["day"]).tolist() == ["a"]
    for wrong, fault in ((current[current["x"] == "z"], "part of a dimension"), (frame[["id", "x"]], "has none")):
        with pytest.raises(ContractError, match=fault):
            lookup(asked[["id"]], wrong, "x", as_of=asked["day"])
    with pytest.raises(ContractError, match="no date"):
        lookup(asked[["id"]], frame, "x", as_of=asked["id"])
