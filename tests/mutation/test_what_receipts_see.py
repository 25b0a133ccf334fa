"""How much is seen with less than RECEIPTS=full: by the columns alone, and by the slice of the keys that is hashed."""

import datetime as dt
from pathlib import Path
from types import SimpleNamespace

import pytest

from etl.core.errors import DataError
from etl.core.manifest import RawTable
from etl.core.origin import read_url
from etl.core.receipt_sql import SLICES
from etl.download import stage
from etl.download.postgres import PostgresSource
from etl.download.query import read_queries
from etl.download.source import Extent
from etl.transform.raw import read_whole
from tests.download.company import Company
from tests.mutation.faults import FAULTS, RAW, Fault
from tests.mutation.injections import injected, spoil_csv
from tests.mutation.plant import Plant


@pytest.mark.parametrize("fault", [pytest.param(f, id=f"{f.name}: {f.seen_by}") for f in FAULTS if RAW in f.where])
def test_the_columns_alone_see_what_the_table_of_faults_says(plant: Plant, fault: Fault) -> None:
    """RECEIPTS=columns, as cheap as one more query, sees what changes a count, a sum or a limit, and nothing else."""
    with injected(plant, fault, RAW):
        manifest = plant.store.raw.newest("")
    table = manifest.tables["moves"]
    assert table.receipt
    columns = table.model_copy(update={"receipt": table.receipt.model_copy(update={"row_hash": None})})
    folder = plant.store.raw.path(manifest.run)
    if fault.seen_by == "rows":
        read_whole(folder, columns)
        return
    with pytest.raises(DataError) as refusal:
        read_whole(folder, columns)
    assert fault.seen in refusal.value.message


KEYS = {
    "whole numbers": ("n * 37", "id"),
    "negative numbers and NULL": ("CASE WHEN n = 20 THEN NULL ELSE n * -37 END", "id"),
    "texts": ("'é' || n", "id"),
    "a NULL text": ("CASE WHEN n = 20 THEN NULL ELSE 'é' || n END", "id"),
    "two numbers": ("n * 37", "id, part"),
    "a number and a text": ("n / 3", "id, name"),
    "dates": ("date '2030-01-01' + n", "id"),
    "numbers with a scale": ("n / 7::numeric(12,2)", "id"),
}
"""What identifies a row: the SQL of the column id, and the key."""


@pytest.mark.parametrize(
    ("kind", "day"),
    [(kind, "2030-01-01") for kind in KEYS]
    + [(kind, "infinity") for kind in ("negative numbers and NULL", "a NULL text", "two numbers")],
)
def test_a_changed_row_is_seen_in_exactly_one_of_64_nights(company: Company, kind: str, day: str) -> None:
    """By default each night hashes another 64th of the keys, and no key is left out or in two of them.

    A day that no calendar has lets the rows be judged by their text, which chooses the slice in Python.
    """
    identity, key = KEYS[kind]
    select = f"SELECT {identity} AS id, -n AS part, 'x' || n AS name, date '{day}' AS day, 'n' || n AS note"
    company.query("rows", f"{select} FROM generate_series(1, 40) n", key=key)
    manifest = company.done()
    folder = company.store.raw.path(manifest.run)
    nights = nights_of_all_slices(company, manifest.tables["rows"])
    assert all(passes(folder, night) for night in nights)
    spoilt = spoil_csv(
        folder,
        nights[0],
        lambda rows: [row | {"note": "n2!"} if row["part"] == "-20" else row for row in rows],
        ("name", "note"),
    )
    changed = {"bytes": spoilt.bytes, "blocks": spoilt.blocks}
    assert [passes(folder, night.model_copy(update=changed)) for night in nights].count(False) == 1


def nights_of_all_slices(company: Company, table: RawTable) -> list[RawTable]:
    """Let the source compute the receipt of each slice."""
    [query] = read_queries(company.folder / "queries").values()
    with PostgresSource("shop", read_url("shop", company.sources["shop"]), 1, {}) as source:
        plan = source.plan(query)
        return [
            table.model_copy(update={"receipt": source.receipt(plan, Extent(True, number)), "slice": number})
            for number in range(SLICES)
        ]


def passes(folder: Path, table: RawTable) -> bool:
    """Whether stage 2 takes a raw table."""
    try:
        read_whole(folder, table)
    except DataError as refusal:
        assert "the hash over the rows is another" in refusal.message
        return False
    return True


def test_in_64_nights_every_slice_has_its_night(company: Company) -> None:
    """The night's date chooses the slice, so that no key waits longer."""
    job = SimpleNamespace(settings=SimpleNamespace(receipts="rows"))
    nights = [dt.datetime(2030, 2, 1, 2, 30, tzinfo=dt.UTC) + dt.timedelta(days=n) for n in range(SLICES)]
    chosen = [stage._slice(job, SimpleNamespace(as_of=night)) for night in nights]
    assert sorted(chosen) == list(range(SLICES))
