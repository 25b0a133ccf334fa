"""How much is seen with less than RECEIPTS=full: by the columns alone, and by the slice of the keys that is hashed."""

import datetime as dt
from contextlib import closing
from pathlib import Path

import duckdb
import psycopg2
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg2.extras import DictCursor

from etl.core.errors import DataError
from etl.core.manifest import RawTable
from etl.receipts.duckdb import DUCKDB
from etl.receipts.level import Extent, Level
from etl.receipts.postgres import Postgres, fields_of, receipt_queries
from etl.receipts.slices import SLICES, slice_sql
from etl.receipts.sql import receipt_from
from etl.transform.raw import read_whole
from tests.download.company import Company
from tests.mutation.faults import FAULTS, RAW, Fault
from tests.mutation.injections import injected, spoil_csv
from tests.mutation.plant import Plant


@pytest.mark.parametrize("fault", [pytest.param(f, id=f"{f.name}: {f.seen_by}") for f in FAULTS])
def test_the_columns_alone_see_what_the_table_of_faults_says(plant: Plant, fault: Fault) -> None:
    """RECEIPTS=columns, as cheap as one more query, sees what changes a count, a sum or a limit, and nothing else."""
    with injected(plant, fault, RAW):
        manifest = plant.store.raw.newest("")
    table = manifest.tables["moves"]
    assert table.receipt
    columns = table.model_copy(update={"receipt": table.receipt.model_copy(update={"hash_sum": None})})
    folder = plant.store.raw.path(manifest.run)
    if fault.seen_by == "rows":
        read_whole(folder, columns)
        return
    with pytest.raises(DataError) as refusal:
        read_whole(folder, columns)
    assert fault.seen in refusal.value.message


TYPES = {"shop": pa.int64(), "code": pa.string()}

KEYS = {
    "negative numbers and NULL": ("CASE WHEN n = 20 THEN NULL ELSE n * -37 END", "id"),
    "texts and NULL": ("CASE WHEN n = 20 THEN NULL ELSE 'é' || n END", "id"),
    "two numbers": ("n * 37", "id, part"),
    "multiples of 64, as far as they go": (
        "CASE n WHEN 1 THEN '-9223372036854775808' WHEN 2 THEN '9223372036854775744' ELSE (n * 64)::text END::bigint",
        "id",
    ),
    "a number and a text": ("n / 3", "id, name"),
    "dates": ("date '2030-01-01' + n", "id"),
    "numbers with a scale": ("n / 7::numeric(12,2)", "id"),
    "decimals": ("(n / 7.0)::numeric(12,2)", "id"),
    "decimals of 18 digits": ("(n * 1000000000000 - 0.01)::numeric(18,2)", "id, name"),
    "decimals of more digits": ("(n * 1e25)::numeric(36,6)", "id"),
    "a float alone": ("n::float8 / 2", "id"),
}
"""What identifies a row: the SQL of the column id, and the key."""


@pytest.mark.parametrize(
    ("kind", "day"),
    [(kind, "2030-01-01") for kind in KEYS]
    + [(kind, "infinity") for kind in ("negative numbers and NULL", "texts and NULL")],
)
def test_a_changed_row_is_seen_in_exactly_one_of_64_nights(company: Company, kind: str, day: str) -> None:
    """By default each night hashes another 64th of the keys, and no key is left out or in two of them.

    A day that no calendar has lets the rows be judged by their text, which chooses the slice in Python.
    """
    identity, key = KEYS[kind]
    select = f"SELECT {identity} AS id, -n AS part, 'x' || n AS name, date '{day}' AS day, 'n' || n AS note"
    select += ', n AS "PART"'  # a name of another case is another column
    query = f"{select} FROM generate_series(1, 40) n"
    company.query("rows", query, key=key)
    manifest = company.done()
    folder = company.store.raw.path(manifest.run)
    nights = nights_of_all_slices(company.sources["shop"], query, manifest.tables["rows"])
    assert passes(folder, nights[0])
    spoilt = spoil_csv(
        folder,
        nights[0],
        lambda rows: [row | {"note": "n2!"} if row["part"] == "-20" else row for row in rows],
        ("name", "note"),
    )
    changed = {"bytes": spoilt.bytes, "blocks": spoilt.blocks}
    assert [passes(folder, night.model_copy(update=changed)) for night in nights].count(False) == 1


def nights_of_all_slices(source: str, query: str, table: RawTable) -> list[RawTable]:
    """Let the source compute the receipt of each slice."""
    fields, dialect = fields_of(table.columns), Postgres(utf8=True)
    nights = []
    with closing(psycopg2.connect(source)) as connection, connection.cursor(cursor_factory=DictCursor) as cursor:
        for number in range(SLICES):
            [one] = receipt_queries(query, fields, table.key, dialect, Extent(True, number))
            cursor.execute(one)
            receipt = receipt_from(cursor.fetchone(), fields, dialect)
            nights.append(table.model_copy(update={"receipt": receipt, "slice": number}))
    return nights


def passes(folder: Path, table: RawTable) -> bool:
    """Whether stage 2 takes a raw table."""
    try:
        read_whole(folder, table)
    except DataError as refusal:
        assert "the hash over the rows is another" in refusal.message
        return False
    return True


def test_the_hash_of_an_older_version_is_not_compared(company: Company) -> None:
    """It was computed otherwise; a raw run of its can be built from again, its columns compared."""
    company.query("rows", "SELECT n AS id FROM generate_series(1, 40) n")
    company.settings["RECEIPTS"] = "full"
    manifest = company.done()
    folder, table = company.store.raw.path(manifest.run), manifest.tables["rows"].model_dump(mode="json")
    assert not passes(folder, RawTable.model_validate(table | {"receipt": table["receipt"] | {"hash_sum": "1"}}))
    older = {name: value for name, value in table["receipt"].items() if name != "hash_sum"} | {"row_hash": "1"}
    assert passes(folder, RawTable.model_validate(table | {"receipt": older, "sliced_by": "hash"}))


def keys(first: int, step: int) -> list[int]:
    """Give 2,000 keys, or as many as 64 bits have."""
    return [key for key in range(first, first + 2_000 * step, step) if -(2**63) <= key < 2**63]


@settings(max_examples=30)
@given(
    first=st.integers(-(2**63), 2**62),
    step=st.one_of(
        st.integers(1, 2**50), st.integers(1, 2**44).map(lambda n: n * 64), st.sampled_from([2**n for n in range(51)])
    ),
    others=st.sampled_from([(), ("shop",), ("code",), ("shop", "code")]),
)
def test_every_night_hashes_about_as_many_keys_however_they_are_numbered(
    first: int, step: int, others: tuple[str, ...]
) -> None:
    """Multiples of 64, steps, ids that begin with a time; with few shops, or a text, beside it. None is left out."""
    ids = keys(first, step)
    key = pa.schema([("id", pa.int64()), *((name, TYPES[name]) for name in others)])
    table = pa.table(
        {"id": ids, "shop": [n % 3 for n in range(len(ids))], "code": [f"c{n % 5}" for n in range(len(ids))]}
    )
    asked = ", ".join(f"count(*) FILTER (WHERE {slice_sql(key, DUCKDB, number)})" for number in range(SLICES))
    with closing(duckdb.connect()) as connection:
        connection.register("rows", table)
        [counts] = connection.execute(f"SELECT {asked} FROM rows").fetchall()
    assert sum(counts) == len(ids)
    if len(ids) == 2_000:
        assert min(counts) > 0
        assert max(counts) < 4 * 2_000 / SLICES


def test_in_64_nights_every_slice_has_its_night() -> None:
    """The night's date chooses the slice, so that no key waits longer."""
    nights = [dt.datetime(2030, 2, 1, 2, 30, tzinfo=dt.UTC) + dt.timedelta(days=n) for n in range(SLICES)]
    chosen = [extent.slice for night in nights if (extent := Level.ROWS.extent(night))]
    assert sorted(slice_ or 0 for slice_ in chosen) == list(range(SLICES))
