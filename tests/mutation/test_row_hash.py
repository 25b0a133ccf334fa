"""The hash over the rows: the same number whoever computes it, another one as soon as one value is."""

import datetime as dt
import itertools
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from decimal import Context, Decimal
from pathlib import Path
from typing import Any

import psycopg2
import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from etl.contract import Fact, Integer, Text, attribute, natural_key
from etl.contract.table import Contract
from etl.core.errors import DataError
from etl.load.open import open_warehouse
from etl.receipts.memory import row_hash
from etl.receipts.rows import PRIMES, TEXTS, hash_of, is_number, is_text, text_hash, text_lanes
from etl.transform.raw import read_whole
from tests.core.any_tables import KINDS, tables
from tests.download.company import Company
from tests.load.contracts import FLIGHT, flights
from tests.load.nights import RUN, bigquery_settings, duckdb_settings, hand_over, load
from tests.mutation.nasty import TYPES

EXACT = [kind for kind in KINDS if not pa.types.is_floating(kind)]


@settings(max_examples=50)
@given(data=st.data())
def test_another_value_in_one_cell_is_another_hash(data: st.DataObject) -> None:
    """Whatever the table, its types and the value; NULL is a value too. Floats alone are left out."""
    table = data.draw(tables().filter(lambda t: t.num_rows and set(t.schema.types) & set(EXACT)))
    place = data.draw(st.sampled_from([n for n, kind in enumerate(table.schema.types) if kind in EXACT]))
    row = data.draw(st.integers(0, table.num_rows - 1))
    field, values = table.schema.field(place), table.column(place).to_pylist()
    value = data.draw(st.none() | KINDS[field.type])
    assume(value != values[row])
    changed = table.set_column(place, field, pa.array([*values[:row], value, *values[row + 1 :]], field.type))
    assert row_hash(changed, table.schema) != row_hash(table, table.schema)


@settings(max_examples=50)
@given(table=tables(), random=st.randoms(use_true_random=False))
def test_another_order_of_the_rows_is_the_same_hash(table: pa.Table, random: Any) -> None:
    """Databases give rows in any order."""
    order = list(range(table.num_rows))
    random.shuffle(order)
    assert row_hash(table.take(pa.array(order, pa.int64())), table.schema) == row_hash(table, table.schema)


@settings(max_examples=50)
@given(table=tables(), cut=st.integers(0, 12))
def test_the_hashes_of_the_parts_add_up_to_that_of_the_whole(table: pa.Table, cut: int) -> None:
    """So blocks are hashed where they are, side by side."""
    parts = [table.slice(0, cut), table.slice(min(cut, table.num_rows))]
    assert sum(row_hash(part, table.schema) for part in parts) == row_hash(table, table.schema)


@pytest.mark.parametrize(
    ("a", "b"),
    [(("x|1:y", ""), ("x", "1:y")), ((None, ""), ("", None)), (("ab", "c"), ("a", "bc"))],
)
def test_values_do_not_run_into_each_other(a: tuple[Any, ...], b: tuple[Any, ...]) -> None:
    """Wherever one text ends and the next begins is told."""
    schema = pa.schema([("a", pa.string()), ("b", pa.string())])
    rows = [pa.table([[row[0]], [row[1]]], schema=schema) for row in (a, b)]
    assert row_hash(rows[0], schema) != row_hash(rows[1], schema)


def number_of(value: object, kind: pa.DataType) -> int:
    """Say what number stands for a value, in Python's own arithmetic."""
    if isinstance(value, Decimal):
        return int(value.scaleb(kind.scale, Context(prec=100)))
    if isinstance(value, dt.datetime):
        since = (value if value.tzinfo else value.replace(tzinfo=dt.UTC)) - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
        return since // dt.timedelta(microseconds=1)
    if isinstance(value, dt.time):
        return number_of(dt.datetime.combine(dt.date(1970, 1, 1), value), kind)
    return (value - dt.date(1970, 1, 1)).days if isinstance(value, dt.date) else int(value)  # type: ignore[call-overload,no-any-return]


@settings(max_examples=200)
@given(table=tables())
def test_the_hash_is_what_its_definition_says(table: pa.Table) -> None:
    """Linear forms, Feistel rounds and MD5 in Python's integers, which no type bounds, give the same number."""
    assert row_hash(table, table.schema) == by_definition(table)


@pytest.mark.parametrize("different", [(1, 1), (3, 40), (300, 300), (1000, 2)])
def test_texts_have_one_hash_however_often_they_are_repeated(different: tuple[int, int]) -> None:
    """Repeated texts are hashed once for each combination; many different ones, row by row."""
    texts = [[None if n % 7 == 3 else f"ü{n % many}" for n in range(1000)] for many in different]
    table = pa.table({"id": range(1000), "a": texts[0], "b": texts[1]})
    assert row_hash(table, table.schema) == by_definition(table)
    assert row_hash(table.slice(400), table.schema) == by_definition(table.slice(400))


def by_definition(table: pa.Table) -> int:
    """Compute the hash of a table row by row."""
    total = 0
    for row in table.to_pylist():
        values: list[tuple[int, Any]] = []
        for place, field in enumerate(table.schema, start=1):
            if is_number(field):
                value = row[field.name]
                values.append((place, None if value is None else number_of(value, field.type)))
        texts = [row[field.name] for field in table.schema if is_text(field)]
        if texts:
            joined = "".join(":|" if text is None else f"{len(text.encode())}:{text}|" for text in texts)
            values.append((TEXTS, text_lanes(text_hash(joined))))
        total += hash_of(values)
    return total


def of_integers(rows: Sequence[Sequence[int | None]]) -> pa.Table:
    """Make a table of integers out of its rows."""
    columns = list(zip(*rows, strict=True))
    return pa.table([pa.array(c, pa.int64()) for c in columns], names=[f"c{n}" for n in range(len(columns))])


@pytest.mark.parametrize("prime", PRIMES)
@pytest.mark.parametrize("value", [0, 1, -5, 2**40])
def test_a_difference_that_a_prime_divides_is_seen(prime: int, value: int) -> None:
    """One lane does not see that 0 became 2147483647; the other one does."""
    for times in (1, -1, 2, 1000):
        found = of_integers([[value, 7]]), of_integers([[value + times * prime, 7]])
        assert row_hash(found[0], found[0].schema) != row_hash(found[1], found[1].schema)


@settings(max_examples=300)
@given(
    columns=st.integers(2, 6),
    values=st.lists(st.tuples(st.integers(-(2**40), 2**40), st.integers(-1000, 1000)), min_size=6, max_size=6),
)
def test_values_that_change_places_are_seen_although_every_moment_stays(
    columns: int, values: list[tuple[int, int]]
) -> None:
    """Of n bits, the rows of even parity and those of odd parity have the same sums, products and means."""
    assume(all(a != b for a, b in values[:columns]))
    rows = list(itertools.product(*values[:columns]))
    chosen = list(itertools.product((0, 1), repeat=columns))
    even = of_integers([row for row, bits in zip(rows, chosen, strict=True) if sum(bits) % 2 == 0])
    odd = of_integers([row for row, bits in zip(rows, chosen, strict=True) if sum(bits) % 2])
    assert row_hash(even, even.schema) != row_hash(odd, odd.schema)


def statement(kind: str, values: list[str]) -> str:
    """Select values, and NULL, of a type of PostgreSQL."""
    cast = [f"({n}, CAST({value} AS {kind}))" for n, value in enumerate([*values, "NULL"])]
    return f"SELECT id, value FROM (VALUES {', '.join(cast)}) AS v (id, value)"


@pytest.fixture
def full(company: Company) -> Company:
    """Give a company that hashes every row."""
    company.settings["RECEIPTS"] = "full"
    return company


def test_postgresql_and_stage_2_see_the_same_rows_whatever_the_type(full: Company) -> None:
    """Also what no type here can hold: NaN, infinity, the years before 1 and after 9999, digits without end."""
    for number, (kind, values) in enumerate(TYPES.items()):
        full.query(f"t{number:02}", statement(kind, values))
    full.done()
    faults = {kind: fault for number, kind in enumerate(TYPES) if (fault := refusal(full, f"t{number:02}"))}
    assert faults == {}


def refusal(company: Company, name: str) -> str:
    """Say how stage 2 refuses a table, if it does."""
    manifest = company.store.raw.newest("")
    try:
        read_whole(company.store.raw.path(manifest.run), manifest.tables[name])
    except DataError as error:
        return error.message
    return ""


@pytest.mark.parametrize("columns", [150, 799])
def test_a_table_of_many_columns_is_hashed_like_any_other(full: Company, columns: int) -> None:
    """PostgreSQL's functions take a hundred arguments, a SELECT gives 1664 columns; a query may have 1600."""
    selected = ", ".join(f"n * {n} AS c{n}, 't' || n AS t{n}" for n in range(columns))
    full.query("wide", f"SELECT n AS id, {selected} FROM generate_series(1, 3) n")
    full.done()
    assert refusal(full, "wide") == ""
    receipt = full.table("wide").receipt
    assert receipt and len(receipt.columns) == 1 + 2 * columns
    assert receipt.columns[f"c{columns - 1}"].max == str(3 * (columns - 1))


def test_a_query_may_name_its_columns_like_the_steps_of_the_hash(full: Company) -> None:
    """Whatever the case; what is computed on the way is named otherwise then."""
    numbers = ["_etl_text_hash", "_ETL_text_hash", "__etl_text_hash", "etl_text_hash", "_etl_half_0", "etl_half_1"]
    others = ["joined", "query", "once", "root", "lanes", "round_2", "row_count", "f1"]
    named = ", ".join(f'{n} AS "{name}"' for n, name in enumerate(numbers + others))
    full.query("own", f"SELECT 1.5::numeric(4,2) AS id, 'a' AS text, {named}")
    full.done()
    assert refusal(full, "own") == ""


class FactOwn(Fact):
    """One row per number."""

    etl_half_0: Integer = natural_key("The number.")
    etl_half_2: Integer = attribute("Another one.")
    etl_text_hash: Text = attribute("A text.")
    joined: Text = attribute("A text.", nullable=True)
    lanes: Integer = attribute("A number.")
    round_2: Integer = attribute("A number.")


def test_a_contract_may_name_its_columns_like_the_steps_of_the_hash(running: str, tmp_path: Path) -> None:
    """In either warehouse: BigQuery takes a column named like a relation for the relation."""
    contract = Contract.of("fact_own", FactOwn)
    row = {"etl_half_0": 1, "etl_half_2": 2, "etl_text_hash": "a", "joined": None, "lanes": 3, "round_2": 4}
    handover = hand_over(contract, [row, row | {"etl_half_0": 2, "joined": "b"}], tmp_path)
    table = pa.Table.from_pylist([row, row | {"etl_half_0": 2, "joined": "b"}], contract.schema)
    hashed = handover.receipt.model_copy(update={"hash_sum": str(row_hash(table, contract.schema))})
    for opened in (duckdb_settings(tmp_path), bigquery_settings(running, tmp_path)):
        with open_warehouse(opened) as warehouse:
            load(warehouse, RUN, [replace(handover, receipt=hashed)])
            assert warehouse.published_receipt(contract, hashed) == hashed


@pytest.mark.parametrize(
    ("encoding", "texts"),
    [
        ("LATIN1", "'é', 'z', repeat('ü', 100)"),
        ("WIN1252", "'€', 'é', 'œ'"),
        ("EUC_JP", "'日本', '｡', 'é'"),
        ("SQL_ASCII", "E'\\303\\251', repeat(E'\\303\\251', 50) || 'x'"),
    ],
)
def test_a_database_of_another_encoding_is_hashed_alike(
    full: Company, postgres_server: str, encoding: str, texts: str
) -> None:
    """What is hashed and compared is UTF-8, as it is in the file."""
    name = f"old_{encoding.lower()}"
    with closing(psycopg2.connect(postgres_server)) as connection:
        connection.autocommit = True
        connection.cursor().execute(
            f"CREATE DATABASE {name} ENCODING '{encoding}' TEMPLATE template0 LOCALE_PROVIDER libc LOCALE 'C'"
        )
    full.sources["shop"] = postgres_server.replace("/postgres?", f"/{name}?")
    values = "ARRAY[" + texts + "]"
    full.query("texts", f"SELECT n AS id, ({values})[n] AS value FROM generate_series(1, 4) n")
    full.done()
    assert refusal(full, "texts") == ""


NASTY = [
    {"price": Decimal("-9999999999999999.99"), "day": dt.date(1, 1, 1), "remark": ""},
    {"price": Decimal("9999999999999999.99"), "day": dt.date(9999, 12, 31), "remark": "|"},
    {"price": Decimal("0.00"), "landed_at": dt.datetime(1, 1, 1, tzinfo=dt.UTC), "remark": "3:a|b"},
    {"price": Decimal("-0.01"), "landed_at": dt.datetime(9999, 12, 31, 23, 59, 59, 999999, dt.UTC), "late": True},
    {"price": None, "landed_at": None, "late": None, "remark": None},
    {"landed_at": dt.datetime(1969, 12, 31, 23, 59, 59, 999999, dt.UTC), "remark": "🚀 e\u0301 日本 \u2028"},
    {"planet_key": 2**63 - 1, "remark": "two\r\nlines\n"},
    {"planet_key": -(2**63), "remark": " blanks ", "meal_at": dt.time(23, 59, 59, 999999)},
    {"meal_at": None},
]


@pytest.fixture
def nasty(tmp_path: Path) -> tuple[Any, Any]:
    """Give a handover of rows of every type of the star, and the rows."""
    rows = [row | {"flight_id": n} for n, values in enumerate(NASTY) for row in flights(1, **values)]
    table = pa.Table.from_pylist(rows, FLIGHT.schema)
    found = hand_over(FLIGHT, rows, tmp_path)
    hashed = found.receipt.model_copy(update={"hash_sum": str(row_hash(table, FLIGHT.schema))})
    return replace(found, receipt=hashed), rows


def test_a_table_of_the_star_has_one_hash_from_the_source_to_the_published_table(
    full: Company, nasty: tuple[Any, Any], running: str, tmp_path: Path
) -> None:
    """PostgreSQL's, that of Arrow tables, and those of both warehouses, of every type of the star, are one number."""
    handover, rows = nasty
    full.query("flights", as_sql(rows), key="flight_id")
    source = full.done().tables["flights"].receipt
    assert refusal(full, "flights") == ""
    read = pa.Table.from_pylist(rows, FLIGHT.schema).drop_columns("meal_at")  # which a source delivers as a text
    assert source and source.hash_sum == str(row_hash(read, read.schema))
    for opened in (duckdb_settings(tmp_path), bigquery_settings(running, tmp_path)):
        with open_warehouse(opened) as warehouse:
            load(warehouse, RUN, [handover])  # which compares, within the warehouse
            assert warehouse.published_receipt(FLIGHT, handover.receipt) == handover.receipt


def as_sql(rows: list[dict[str, Any]]) -> str:
    """Write rows as PostgreSQL's query, of the star's types."""
    kinds = {"price": "numeric(18,2)", "weight": "double precision", "day": "date", "landed_at": "timestamptz"}
    others = {"late": "boolean", "remark": "text"}
    names = [name for name in FLIGHT.schema.names if name != "meal_at"]

    def cell(name: str, value: object) -> str:
        kind = (kinds | others).get(name, "bigint")
        text = "NULL" if value is None else "E'" + str(value).replace("\r", "\\r").replace("\n", "\\n") + "'"
        return f"CAST({text} AS {kind})"

    values = ",\n".join("(" + ", ".join(cell(name, row[name]) for name in names) + ")" for row in rows)
    return f"SELECT * FROM (VALUES\n{values}) AS v ({', '.join(names)})"
