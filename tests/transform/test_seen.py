"""Versions that the nights saw: a source that knows but what is, and a history of it.

| what happens | what becomes of it |
|---|---|
| a member is seen first | its version reaches back to 1900-01-01 |
| another value | a version from the day of the night that saw it, or since when `build` says that it is so |
| two changes between two nights | one: the first cannot be seen |
| there and back | three versions; the third has a key of its own |
| a member is gone | its versions stay as they were; it comes back as it was, or with a new version |
| two nights on one day | the last counts, from that day on |
| a night that is built again, or was never published | as if it had been built once |
| what has no history | in all versions as tonight |
"""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.contract.history import BEGINNING
from etl.core.errors import ContractError
from etl.core.manifest import LoadedManifest, LoadedTable, StarManifest
from etl.core.origin import origin_of
from etl.transform import key_runs, seen_members
from tests.drawn import cells_of
from tests.transform.house import House, Raw

DIM_SHOP = '''
class DimShop(Dimension, rows_of=("shops",)):
    """One row per shop and city."""

    shop_key: Key = surrogate_key()
    shop_id: Integer = natural_key("Its number.")
    city: Text = attribute("Where it is.", nullable=True, unknown="Nowhere", history=True, folded=True)
    owner: Text = attribute("Whose it is.", nullable=True)


def build(shops: pd.DataFrame) -> pd.DataFrame:
    return shops[["shop_id", "city", "owner"]].assign(valid_from=shops["changed_at"])
'''
STREAMED = DIM_SHOP.replace('rows_of=("shops",)', 'stream="shops"')
FACT_SALE = '''
class FactSale(Fact, stream="sales", unknown=1):
    """One row per sale."""

    sale_id: Integer = natural_key("Its number.")
    shop_key: Key = reference("dim_shop", "The shop, where it was then.", as_of="sold_on")


def build(sales: pd.DataFrame) -> pd.DataFrame:
    return sales
'''
SHOPS = "shop_id int64, city string, owner string, changed_at timestamp[us, tz=UTC]"
COLUMNS = ("shop_id", "city", "valid_from", "valid_to", "version", "is_current", "shop_key")


class Nights:
    """Nights of a house, each of a day of its own. Publishing is a manifest that says so."""

    def __init__(self, folder: Path, **tables: str) -> None:
        self.house = House(folder, **tables)
        self.runs = 0

    def night(self, day: str, rows: list[tuple[Any, ...]], *, sales: Raw | None = None, publish: bool = True) -> str:
        """See shops as they are on a day, at 02:30 in Madrid; returns the run of what was extracted."""
        self.house.next_run = lambda: self.run(day)  # type: ignore[method-assign]
        shops = Raw(SHOPS, [(*map(_text, row), *[None] * (4 - len(row))) for row in rows], ("shop_id",))
        raw = self.house.raw(2, shops=shops, **({"sales": sales} if sales else {}))
        self.build(publish=publish)
        return raw

    def build(self, *, publish: bool = True, **options: Any) -> StarManifest:
        """Build the newest rows, and publish them."""
        star = self.house.build(**options)
        if publish:
            self.publish(star)
        return star

    def publish(self, star: StarManifest) -> None:
        """Say that a star is what is published."""
        store, run = self.house.store, self.run("2031-01-01")
        tables = {name: LoadedTable(star=table, bytes=0) for name, table in star.tables.items()}
        with store.loaded.working(run) as folder:
            told = {"origin": origin_of(self.house.settings), "as_of": star.as_of, "seconds": 0, "peak_memory_mb": 0}
            manifest = LoadedManifest(run=run, stage="loaded", made_from=star.run, tables=tables, **told)
            store.loaded.commit(folder, manifest, 100)

    def run(self, day: str) -> str:
        """Name a run of a day."""
        self.runs += 1
        return f"{day.replace('-', '')}T0130{self.runs:02}Z"

    def rows(self, *columns: str) -> list[tuple[Any, ...]]:
        """Read the versions of the newest star, without the unknown member."""
        rows = sorted(self.house.rows("dim_shop"), key=lambda row: (row["shop_id"] or 0, row["version"]))
        return [tuple(row[name] for name in columns or COLUMNS) for row in rows if row["shop_key"]]

    def must_be(self, drawn: str) -> None:
        """Compare the versions with a table that draws them: shop, city, from, to, version, current, key."""
        found = ["|".join(map(_shown, row)) for row in self.rows()]
        assert found == ["|".join(row) for row in cells_of(drawn)]


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _shown(value: Any) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else "∅" if value is None else str(value)


@pytest.fixture(params=["whole", "streamed"])
def nights(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Nights:
    """Give nights of a dimension that is built at once, and of one that is streamed, three rows at a time."""
    if request.param == "whole":
        return Nights(tmp_path / "house", dim_shop=DIM_SHOP)
    monkeypatch.setattr(seen_members, "_AT_ONCE", 3)
    monkeypatch.setattr(key_runs.write_rows_run, "__defaults__", (2,))
    return Nights(tmp_path / "house", dim_shop=STREAMED)


def test_another_value_makes_a_version_from_the_day_of_the_night_that_saw_it(nights: Nights) -> None:
    """The first reaches back to the beginning; a value that comes back has a version, and a key, of its own."""
    nights.night("2030-03-01", [(1, "A"), (2, "A"), (3, None)])
    nights.night("2030-03-05", [(1, "B"), (2, "A"), (3, "A"), (4, "C")])
    nights.night("2030-03-09", [(1, "A"), (2, "A"), (3, "A"), (4, "C")])
    nights.must_be("""
        | shop | city | from       | to         | version | current | key |
        |------|------|------------|------------|---------|---------|-----|
        | 1    | A    | 1900-01-01 | 2030-03-05 | 1       | no      | 1   |
        | 1    | B    | 2030-03-05 | 2030-03-09 | 2       | no      | 4   |
        | 1    | A    | 2030-03-09 | 9999-12-31 | 3       | yes     | 7   |
        | 2    | A    | 1900-01-01 | 9999-12-31 | 1       | yes     | 2   |
        | 3    | ∅    | 1900-01-01 | 2030-03-05 | 1       | no      | 3   |
        | 3    | A    | 2030-03-05 | 9999-12-31 | 2       | yes     | 5   |
        | 4    | C    | 1900-01-01 | 9999-12-31 | 1       | yes     | 6   |
        """)
    assert set(nights.rows("shop_id", "shop_durable_key")) == {(1, 1), (2, 2), (3, 3), (4, 6)}
    assert set(nights.rows("city", "city_folded")) == {("A", "A"), ("B", "B"), ("C", "C"), (None, None)}


def test_what_has_no_history_is_in_all_versions_as_tonight_and_of_members_that_are_gone_as_then(nights: Nights) -> None:
    """A member that comes back as it was goes on with its version; otherwise a new one begins."""
    nights.night("2030-03-01", [(1, "A", "Ann"), (2, "A", "Bob"), (3, "A", "Cy")])
    nights.night("2030-03-02", [(1, "B", "Ann"), (2, "A", "Bob")])
    nights.night("2030-03-03", [(1, "B", "Eve")])
    assert nights.rows("shop_id", "city", "owner", "is_current") == [
        (1, "A", "Eve", False), (1, "B", "Eve", True), (2, "A", "Bob", True), (3, "A", "Cy", True),
    ]  # fmt: skip
    assert nights.house.star.tables["dim_shop"].earlier == 3
    nights.night("2030-03-09", [(1, "B", "Eve"), (2, "A", "Dan"), (3, "C", "Cy")])
    nights.must_be("""
        | shop | city | from       | to         | version | current | key |
        |------|------|------------|------------|---------|---------|-----|
        | 1    | A    | 1900-01-01 | 2030-03-02 | 1       | no      | 1   |
        | 1    | B    | 2030-03-02 | 9999-12-31 | 2       | yes     | 4   |
        | 2    | A    | 1900-01-01 | 9999-12-31 | 1       | yes     | 2   |
        | 3    | A    | 1900-01-01 | 2030-03-09 | 1       | no      | 3   |
        | 3    | C    | 2030-03-09 | 9999-12-31 | 2       | yes     | 5   |
        """)
    assert nights.rows("owner")[2] == ("Dan",)


def test_a_version_holds_since_build_says_so_but_never_before_the_last_night_nor_after_tonight(nights: Nights) -> None:
    """The last night saw the old value, whatever a watermark says; NULL says nothing: then it is the night's day."""
    nights.night("2030-03-01", [(n, "A") for n in range(1, 6)])
    times = ["2030-03-03 10:00+00", "2030-03-03 23:30+00", "2030-02-01 10:00+00", "2030-04-01 10:00+00", None]
    nights.night("2030-03-08", [(n, "B", None, at) for n, at in enumerate(times, 1)])
    since = [row[0].isoformat() for row in nights.rows("valid_from")[1::2]]
    assert since == ["2030-03-03", "2030-03-04", "2030-03-01", "2030-03-08", "2030-03-08"]


def test_of_two_nights_on_one_day_the_last_counts_from_that_day_on(nights: Nights) -> None:
    """The version that the first of them saw has no day left; back to what was before, it is that version again."""
    nights.night("2030-03-01", [(1, "A"), (2, "A")])
    nights.night("2030-03-02", [(1, "B"), (2, "B")])
    nights.night("2030-03-02", [(1, "C"), (2, "A")])
    nights.must_be("""
        | shop | city | from       | to         | version | current | key |
        |------|------|------------|------------|---------|---------|-----|
        | 1    | A    | 1900-01-01 | 2030-03-02 | 1       | no      | 1   |
        | 1    | C    | 2030-03-02 | 9999-12-31 | 2       | yes     | 5   |
        | 2    | A    | 1900-01-01 | 9999-12-31 | 1       | yes     | 2   |
        """)


def test_a_night_is_what_it_was_however_often_it_is_built(nights: Nights) -> None:
    """Built again before it is published, after it, and when later nights were: the log up to that night counts."""
    nights.night("2030-03-01", [(1, "A")])
    raw = nights.night("2030-03-05", [(1, "B"), (2, "A")], publish=False)
    first = nights.rows()
    nights.build()
    assert nights.rows() == first
    nights.build()
    assert nights.rows() == first
    nights.night("2030-03-09", [(1, "C"), (2, "C")])
    assert len(nights.rows()) == 5
    nights.build(publish=False, from_run=raw)
    assert nights.rows() == first


def test_a_night_that_was_never_published_has_seen_nothing(nights: Nights) -> None:
    """Only what readers saw is history: what it saw is of the night that is published."""
    nights.night("2030-03-01", [(1, "A")])
    nights.night("2030-03-02", [(1, "B"), (2, "B")], publish=False)
    nights.night("2030-03-03", [(1, "C"), (2, "C")])
    nights.must_be("""
        | shop | city | from       | to         | version | current | key |
        |------|------|------------|------------|---------|---------|-----|
        | 1    | A    | 1900-01-01 | 2030-03-03 | 1       | no      | 1   |
        | 1    | C    | 2030-03-03 | 9999-12-31 | 2       | yes     | 4   |
        | 2    | C    | 1900-01-01 | 9999-12-31 | 1       | yes     | 5   |
        """)


def test_going_back_to_a_night_takes_what_was_seen_since_along(nights: Nights) -> None:
    """The log is what is published; forward again, the versions are there again, by their keys."""
    nights.night("2030-03-01", [(1, "A")])
    first = nights.house.star
    nights.night("2030-03-02", [(1, "B")])
    second, seen = nights.house.star, nights.rows()
    nights.publish(first)
    nights.night("2030-03-03", [(1, "A")], publish=False)
    assert nights.rows("city", "shop_key") == [("A", 1)]
    nights.publish(second)
    nights.night("2030-03-04", [(1, "B")])
    assert nights.rows() == seen


def test_the_day_of_a_version_can_be_corrected_and_stays_so_without_the_correction(nights: Nights) -> None:
    """A version is found by its member and the night that saw it; its day must lie between those around it."""
    nights.night("2030-03-01", [(1, "A")])
    nights.night("2030-03-05", [(1, "B")])
    file = nights.house.tables_dir / "dim_shop.corrections.toml"
    seen = f"{nights.rows('first_seen_at')[1][0]:%Y-%m-%d %H:%M:%SZ}"
    entry = '[[correction]]\nquery = "dim_shop"\nwhere = {{ shop_id = 1, first_seen_at = "{}" }}\nset = {{ {} }}\n'
    entry += 'reason = "by the contract"\nuntil = 2040-01-01\n'
    file.write_text(entry.format(seen, "valid_from = 2030-03-03"), encoding="utf-8")
    for day in ("2030-03-06", "2030-03-07"):
        nights.night(day, [(1, "B")])
        assert nights.rows("valid_from", "shop_key") == [(BEGINNING, 1), (dt.date(2030, 3, 3), 2)]
    file.unlink()
    nights.night("2030-03-08", [(1, "C")])
    assert nights.rows("valid_from")[1:] == [(dt.date(2030, 3, 3),), (dt.date(2030, 3, 8),)]
    for said, fault in (
        (entry.format(seen, "valid_from = 2030-03-08"), "not after the one before"),
        (entry.format("2030-03-02 00:00:00Z", "valid_from = 2030-03-04"), "changes no row"),
        (entry.format(seen, 'city = "D"'), "of which valid_from alone"),
    ):
        file.write_text(said, encoding="utf-8")
        with pytest.raises(ContractError, match=fault):
            nights.night("2030-03-09", [(1, "C")])


def test_a_fact_refers_to_the_version_of_its_day_and_is_built_again_where_that_changed(tmp_path: Path) -> None:
    """Also one that was published before: sales of the days since when it is so, as `build` says."""
    nights = Nights(tmp_path, dim_shop=DIM_SHOP, fact_sale=FACT_SALE)
    sold = [("1", "1", "2030-03-04"), ("2", "1", "2030-03-05"), ("3", "1", "2030-03-08"), ("4", "1", None)]
    sales = Raw("sale_id int64, shop_id int64, sold_on date32[day]", sold, ("sale_id",))
    nights.night("2030-03-01", [(1, "A")], sales=sales)
    nights.night("2030-03-08", [(1, "B", None, "2030-03-05 12:00+00")], sales=sales)
    assert [(row["sale_id"], row["shop_key"]) for row in nights.house.rows("fact_sale")] == [
        (1, 1), (2, 2), (3, 2), (4, 2),
    ]  # fmt: skip


DIM_OFFICE = '''
class DimOffice(Dimension):
    """One row per office."""

    office_key: Key = surrogate_key()
    office_id: Integer = natural_key("Its number.")
    region: Text = attribute("Where it is.", history={office_history})


def build(offices: pd.DataFrame) -> pd.DataFrame:
    return offices
'''
DIM_MEMBER = '''
class DimMember(Dimension, lost=1):
    """One row per member and office."""

    member_key: Key = surrogate_key()
    member_id: Integer = natural_key("Its number.")
    office_key: Key = reference("dim_office", "Where the member is.", history=True)
    home_key: Key = reference("dim_office", "Where the member lives.", on="home_id", active=False)
    boss_key: Key = reference("dim_member", "Whom the member answers to.", on="boss_id")


def build(members: pd.DataFrame) -> pd.DataFrame:
    return members
'''
MEMBERS = "member_id int64, office_id int64, home_id int64, boss_id int64"


@pytest.mark.parametrize("office_history", [False, True])
def test_references_of_versions_are_to_tonights_keys(tmp_path: Path, *, office_history: bool) -> None:
    """Another office makes a version, another version of the office does not; who is gone keeps what he referred to."""
    nights = Nights(tmp_path, dim_office=DIM_OFFICE.format(office_history=office_history), dim_member=DIM_MEMBER)
    offices = ["1 North", "2 South"], ["1 North", "2 Centre"], ["1 East", "2 Centre", "3 West"]
    members = (
        ["1 1 2 2", "2 1 2 ∅", "3 2 1 2"],
        ["1 2 2 2", "2 1 2 1"],
        ["1 2 1 2", "2 1 2 ∅"],
    )
    for day, (there, who) in enumerate(zip(offices, members, strict=True), 1):
        nights.house.next_run = lambda day=day: nights.run(f"2030-03-0{day}")  # type: ignore[method-assign,misc]
        nights.house.raw(
            offices=Raw("office_id int64, region string", [row.split() for row in there], ("office_id",)),
            members=Raw(MEMBERS, [[None if v == "∅" else v for v in row.split()] for row in who], ("member_id",)),
        )
        nights.build()
    office = {row["office_key"]: row["office_id"] for row in nights.house.rows("dim_office")}
    now = {row["office_key"] for row in nights.house.rows("dim_office") if row.get("is_current", True)}
    rows = [row for row in nights.house.rows("dim_member") if row["member_key"]]
    boss = {row["member_key"]: row["member_id"] for row in rows}
    found = [
        (
            row["member_id"],
            row["version"],
            office[row["office_key"]],
            office[row["home_key"]],
            boss.get(row["boss_key"]),
        )
        for row in rows
    ]
    assert sorted(found) == [(1, 1, 1, 1, 2), (1, 2, 2, 1, 2), (2, 1, 1, 2, None), (3, 1, 2, 1, 2)]
    assert {row["office_key"] for row in rows} | {row["home_key"] for row in rows} <= now


PLAIN = DIM_SHOP.replace(", history=True", "").replace('.assign(valid_from=shops["changed_at"])', "")


def test_history_begins_and_ends_with_the_contract_and_current_versions_keep_the_members_keys(tmp_path: Path) -> None:
    """A column that comes is as tonight in all versions; versions that differ in one that loses history are one."""
    nights = Nights(tmp_path, dim_shop=PLAIN)
    nights.night("2030-03-01", [(1, "A", "Ann"), (2, "A", "Bob")])
    nights.house.write(dim_shop=DIM_SHOP)
    nights.night("2030-03-02", [(1, "B", "Ann"), (2, "A", "Bob")])
    assert nights.rows("shop_id", "city", "shop_key") == [(1, "B", 1), (2, "A", 2)]
    nights.night("2030-03-03", [(1, "C", "Ann"), (2, "A", "Bob")])
    assert nights.rows("shop_id", "city", "shop_key") == [(1, "B", 1), (1, "C", 3), (2, "A", 2)]

    more = DIM_SHOP.replace("    owner: ", '    lord: Text = attribute("Its lord.", history=True)\n    owner: ')
    nights.house.write(dim_shop=more.replace(".assign(", '.assign(lord=shops["owner"], '))
    nights.night("2030-03-04", [(1, "C", "Eve")])
    assert nights.rows("city", "lord", "shop_key") == [("B", "Eve", 1), ("C", "Eve", 3), ("A", None, 2)]
    nights.night("2030-03-05", [(1, "C", "Ida")])
    assert nights.rows("city", "lord", "shop_key") == [
        ("B", "Eve", 1),
        ("C", "Eve", 3),
        ("C", "Ida", 4),
        ("A", None, 2),
    ]
    nights.house.write(dim_shop=DIM_SHOP)
    nights.night("2030-03-06", [(1, "C", "Ida")])
    assert nights.rows("city", "shop_key") == [("B", 1), ("C", 3), ("A", 2)]

    nights.house.write(dim_shop=PLAIN)
    nights.night("2030-03-07", [(1, "C", "Ida"), (2, "A", "Bob")])
    assert [(row["shop_id"], row["shop_key"]) for row in nights.house.rows("dim_shop")][1:] == [(1, 3), (2, 2)]


VALUES = st.sampled_from("AB") | st.none()
NIGHTS = st.lists(
    st.tuples(st.integers(0, 3), st.dictionaries(st.integers(1, 3), VALUES, max_size=3), st.booleans()),
    min_size=1, max_size=8,
)  # fmt: skip


@given(NIGHTS)
@settings(max_examples=25, deadline=None)
def test_versions_are_what_a_look_at_each_published_night_says(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[tuple[int, dict[int, str | None], bool]]
) -> None:
    """Of each day there is the value that the last published night up to its end saw; keys are of versions for ever.

    A member that a night did not see is as before. Before the first night that saw it, it is as that one did.
    """
    nights = Nights(tmp_path_factory.mktemp("seen") / "house", dim_shop=DIM_SHOP)
    day, published, keys = (
        dt.date(2030, 1, 1),
        list[tuple[dt.date, dict[int, str | None]]](),
        dict[int, tuple[Any, ...]](),
    )
    for pause, seen, is_published in drawn:
        day += dt.timedelta(days=pause)
        nights.night(day.isoformat(), list(seen.items()), publish=is_published)
        every = [*published, (day, seen)]
        if is_published:
            published = every
        first = dt.date(2029, 12, 31)
        expected = {
            (shop, at): _seen_on(every, shop, at)
            for shop in {shop for _, look in every for shop in look}
            for at in (first + dt.timedelta(days=n) for n in range((day - first).days + 2))
        }
        found = {
            (shop, at): [row for row in nights.house.rows("dim_shop") if row["shop_id"] == shop and _holds(row, at)]
            for shop, at in expected
        }
        assert {place: row["city"] for place, [row] in found.items()} == expected
        for row in nights.house.rows("dim_shop"):
            version = row["shop_id"], row["first_seen_at"], row["city"]
            assert keys.setdefault(row["shop_key"], version) == version


def _holds(row: dict[str, Any], at: dt.date) -> bool:
    return bool(row["valid_from"] <= at < row["valid_to"])


def _seen_on(nights: list[tuple[dt.date, dict[int, str | None]]], shop: int, at: dt.date) -> str | None:
    """Look through all nights for what the last one up to a day saw of a shop, or else the first one that saw it."""
    looks = [(day, look[shop]) for day, look in nights if shop in look]
    first = looks[0][0]
    until = [value for day, value in looks if day <= at or day == first]
    return until[-1] if looks[0][0] <= at else looks[0][1]
