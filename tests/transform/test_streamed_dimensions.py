"""Dimensions that are built block by block: the same rows, keys, rejects and receipts as built whole."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from etl.company.plan import make_plan
from etl.company.tables import read_tables
from etl.core.counts import Counts
from etl.core.errors import ContractError
from etl.transform.key_runs import compare, firsts_of, members_of_span, numbers_of_part, spans_of, write_run
from etl.transform.keys import KEYS, give_surrogate_keys
from tests.transform.house import DIM_SHOP, FACT_SALE, STREAMED_SHOP, House, Raw, sales, shops

PERSON = '''
class DimPerson(Dimension, rejects=1, unknown=1):
    """One row per person, who may have a manager."""

    person_key: Key = surrogate_key()
    team: Text = natural_key("The team.")
    number: Integer = natural_key("The number in it.")
    age: Integer = attribute("How old.", ge=0, nullable=True)
    manager_key: Key = reference("dim_person", "The manager.", on=("team", "manager"))


def build(persons: pd.DataFrame) -> pd.DataFrame:
    aside = pd.Series(pd.NA, index=persons.index, dtype="string[pyarrow]")
    return persons.assign(_set_aside=aside.mask((persons["age"] == 7).fillna(False), "a child"))
'''
STREAMED = PERSON.replace("(Dimension,", '(Dimension, stream="persons",')
WHOLE = PERSON.replace("(Dimension,", '(Dimension, rows_of=("persons",),')

ROW = st.tuples(
    st.none() | st.sampled_from(["", "A", "a", "é"]),
    st.integers(0, 6).map(str),
    st.none() | st.sampled_from(["7", "30", "-1", "x"]),
    st.none() | st.integers(0, 6).map(str),
)
NIGHTS = st.lists(st.lists(ROW, max_size=9), min_size=1, max_size=2)


def told(house: House, name: str) -> list[object]:
    """Give all that a star says of a dimension, whatever its files, and its key map."""
    table = house.star.tables[name]
    key_map = pq.read_table(house.store.star.path(house.star.run) / KEYS / f"{name}.parquet")
    rejects = sorted(map(str, house.rejects(name)))
    return [house.rows(name), table.receipt, table + Counts(), rejects, key_map.to_pylist(), key_map.schema.metadata]


@given(nights=NIGHTS, rows_a_block=st.integers(1, 4))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_in_blocks_it_is_the_same_as_whole(
    tmp_path_factory: pytest.TempPathFactory, nights: list[list[tuple[str | None, ...]]], rows_a_block: int
) -> None:
    """Doubled keys, rows set aside, rejected and unreadable, other members of its own, members that come and go."""
    found = []
    for text, size in ((STREAMED, rows_a_block), (WHOLE, 1000)):
        house = House(tmp_path_factory.mktemp("house"), dim_person=text)
        for rows in nights:
            columns = "team string, number int64, age int64, manager int64"
            house.raw(size, persons=Raw(columns, rows, ("team", "number"), ("-age", "manager")))
            house.build()
        found.append(told(house, "dim_person"))
    assert found[0] == found[1]


KINDS: list[tuple[pa.DataType, Any]] = [
    (pa.int64(), st.integers(-3, 20)),
    (pa.string(), st.sampled_from(["", "a", "B", "é", "aa", "🎈"])),
    (pa.bool_(), st.booleans()),
    (pa.date32(), st.dates()),
    (pa.decimal128(12, 2), st.integers(-2, 20).map(Decimal)),
]


@given(data=st.data(), batch=st.integers(1, 4), at_once=st.integers(1, 9))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_members_found_and_numbered_span_by_span_have_the_same_keys(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, batch: int, at_once: int
) -> None:
    """However the keys fall into runs and spans, the numbers are those of all keys compared at once."""
    folder = tmp_path_factory.mktemp("runs")
    kinds = data.draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=2))
    keys = data.draw(st.lists(st.tuples(*(values for _, values in kinds)), unique=True, max_size=25))
    schema = pa.schema([(f"k{number}", kind) for number, (kind, _) in enumerate(kinds)])
    some = data.draw(st.integers(0, len(keys)))
    other = data.draw(st.integers(0, some))

    def table(rows: Sequence[tuple[Any, ...]]) -> pa.Table:
        return pa.table([pa.array(values, kind) for values, kind in zip(zip(*rows, strict=True) if rows else [()] * len(schema), schema.types, strict=True)], schema)  # fmt: skip  # noqa: E501

    _, known = give_surrogate_keys(table(keys[:some]), None, "key")
    tonight = data.draw(st.permutations(keys[other:]))
    wanted, grown = give_surrogate_keys(table(tonight), known, "key")
    parts = [tonight[start : start + 7] for start in range(0, len(tonight), 7)]
    runs = [write_run(folder / "known", None, known.drop_columns(["key"]), known.column("key").to_numpy(), batch)]
    runs += [write_run(folder / f"{n}", n, table(rows), np.arange(len(rows)), batch) for n, rows in enumerate(parts)]
    compared = [compare(span, folder / f"span{n}", len(parts)) for n, span in enumerate(spans_of(runs, at_once))]
    firsts = firsts_of(compared, known.num_rows)
    found = [numbers_of_part(compared, firsts, n, len(rows)).tolist() for n, rows in enumerate(parts)]
    assert [number for numbers in found for number in numbers] == wanted.to_pylist()
    assert sum(each.members for each in compared) == len(tonight)
    new = [members_of_span(*each, new=True) for each in zip(compared, firsts, strict=True)]
    rows = [
        row for natural, numbers in new for row in zip(*natural.to_pydict().values(), numbers.tolist(), strict=True)
    ]
    assert rows == [tuple(row.values()) for row in grown.slice(len(known)).to_pylist()]


TWO = '''
class DimShop(Dimension, stream=("shops", "stands")):
    """One row per shop, or stand."""

    shop_key: Key = surrogate_key()
    shop_id: Integer = natural_key("Its number.")
    name: Text = attribute("Its name.", nullable=True)
    kind: Text = attribute("What it is.", nullable=True)


def build(shops: pd.DataFrame, stands: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([shops.assign(kind="shop"), stands.assign(kind="stand")])
'''


@pytest.mark.parametrize("rows_a_block", [1, 2, 100])
def test_a_dimension_may_stream_several_queries(house: House, rows_a_block: int) -> None:
    """Its build gets a block of one of them, and no rows of the others; the keys are of all together."""
    house.write(dim_shop=TWO)
    house.raw(rows_a_block, shops=shops(5, 1, 3), stands=shops(4, 2), sales=sales("1 2 1.00", "2 5 2.00"))
    house.build()
    rows = [(row["shop_key"], row["shop_id"], row["kind"]) for row in house.rows("dim_shop")]
    assert rows == [(0, None, None), (5, 5, "shop"), (1, 1, "shop"), (3, 3, "shop"), (4, 4, "stand"), (2, 2, "stand")]
    assert [row["shop_key"] for row in house.rows("fact_sale")] == [2, 5]
    assert house.star.tables["dim_shop"].handed == 5


def test_a_member_of_two_queries_is_told(house: House) -> None:
    """None survives by chance; the examples are of the natural key."""
    house.write(dim_shop=TWO)
    house.raw(1, shops=shops(5, 1), stands=shops(4, 1), sales=sales())
    with pytest.raises(ContractError, match=r"dim_shop: 1 rows repeat the key of another row, for example shop_id 1\."):
        house.build()


def test_a_query_without_rows_makes_the_unknown_member_alone(house: House) -> None:
    """An empty query is an empty block."""
    house.write(dim_shop=TWO)
    house.raw(1, shops=shops(), stands=shops(), sales=sales("1 2 1.00"))
    house.build()
    assert [row["shop_key"] for row in house.rows("dim_shop")] == [0]


def test_a_fact_may_stream_the_query_whose_members_it_refers_to(house: House) -> None:
    """The query is then read twice: the members must be there first."""
    house.write(
        dim_shop=STREAMED_SHOP,
        fact_sale=FACT_SALE.replace('stream="sales"', 'stream="shops"')
        .replace("sale_id: Integer", "shop_id: Integer")
        .replace("build(sales: pd.DataFrame)", "build(shops: pd.DataFrame)")
        .replace('sales[["sale_id", "shop_id", "price"]]', 'shops[["shop_id"]].assign(price=1)'),
    )
    house.raw(1, shops=shops(30, 10))
    house.build()
    assert [(row["shop_id"], row["shop_key"]) for row in house.rows("fact_sale")] == [(30, 2), (10, 1)]


def test_one_that_was_built_whole_keeps_its_keys_in_blocks_and_the_reverse(house: House) -> None:
    """The key map is the same; --only leaves a streamed one as it is."""
    house.raw(1, shops=shops(30, 10), sales=sales("1 30 1.00"))
    house.build()
    house.write(dim_shop=STREAMED_SHOP)
    house.raw(1, shops=shops(5, 30, 10), sales=sales("1 5 1.00"))
    house.build()
    keys = {row["shop_id"]: row["shop_key"] for row in house.rows("dim_shop")}
    assert keys == {None: 0, 10: 1, 30: 2, 5: 3}
    house.build(only=("fact_sale",))
    assert house.rows("fact_sale")[0]["shop_key"] == 3
    house.write(dim_shop=DIM_SHOP)
    house.raw(1, shops=shops(1, 5), sales=sales())
    house.build()
    assert {row["shop_id"]: row["shop_key"] for row in house.rows("dim_shop")} == {None: 0, 1: 4, 5: 3}


def test_members_keep_their_keys_when_their_natural_key_changes_its_type(house: House) -> None:
    """The key map that the dimension begins with is then another one than the last star's, in the place of the new."""
    house.write(dim_shop=STREAMED_SHOP)
    house.raw(1, shops=shops(30, 10), sales=sales())
    house.build()
    house.write(
        dim_shop=STREAMED_SHOP.replace("shop_id: Integer", "shop_id: Text"),
        fact_sale=FACT_SALE.replace(
            'sales[["sale_id", "shop_id", "price"]]', "sales.astype({'shop_id': 'string[pyarrow]'})"
        ),
    )
    house.raw(1, shops=Raw("shop_id string, name string", [(n, "") for n in ("7", "30", "10")], ("shop_id",)), sales=sales())  # fmt: skip  # noqa: E501
    house.build()
    assert {row["shop_id"]: row["shop_key"] for row in house.rows("dim_shop")} == {None: 0, "10": 1, "30": 2, "7": 3}


def test_what_cannot_be_streamed_is_told(house: House) -> None:
    """A fact of two queries; a summary of a dimension of two."""
    house.write(fact_sale=FACT_SALE.replace('stream="sales"', 'stream=("sales", "shops")'))
    with pytest.raises(ContractError, match=r"a fact streams one query, and not 2"):
        read_tables(house.tables_dir)
    house.write(
        dim_shop=TWO,
        fact_sale="""
class FactShops(Fact):
    "One row per kind."

    kind: Text = natural_key("What.")
    shops: Integer = measure("How many.")


def partial(dim_shop: pd.DataFrame) -> pd.DataFrame:
    return dim_shop


def build(dim_shop: pd.DataFrame) -> pd.DataFrame:
    return dim_shop
""",
    )
    with pytest.raises(ContractError, match="a partial summarizes dim_shop, which streams several queries"):
        make_plan(read_tables(house.tables_dir), ["shops", "stands", "sales"])


LETTER = "x" * 80


def test_memory_does_not_grow_with_the_members(tmp_path: Path) -> None:
    """Eight times the rows take no more memory: a worker has a block, a span, and nothing whole."""
    peaks = []
    for rows in (30_000, 240_000):
        house = House(tmp_path / str(rows), dim_shop=STREAMED_SHOP)
        numbers = (n * 7919 % rows for n in range(rows))
        house.raw(15_000, shops=Raw("shop_id int64, name string", [(str(n), LETTER) for n in numbers], ("shop_id",)))
        done = house.script()
        assert done.returncode == 0, done.stderr
        peaks.append(house.star.peak_memory_mb)
    assert peaks[1] <= peaks[0] * 1.15, peaks
