"""A star that cannot be built of what changed is built in full in the same night: nobody has to ask for it.

| what is wrong with what the published star says of itself | how it is noticed |
|---|---|
| a month's receipt is lacking, or another's | rows are gone that it never had; the months do not add up |
| fewer rejects than there were | more of them are gone |
| more rows than went in | what went in did not come out |
| whatever else | it cannot be published; the next night's is built in full |

And what is published is there to stand upon, however many nights were not.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from config.paths import ROOT
from etl import load
from etl.core import nights
from etl.core.manifest import StarManifest
from etl.core.runs import MANIFEST
from tests.changes import campaign
from tests.changes.company import write_queries
from tests.changes.events import Source, make_database
from tests.changes.reference import build, tables_of
from tests.download.company import Company

Told = dict[str, Any]

DAMAGES: dict[str, tuple[Callable[[Told], Any], str]] = {
    "no month": (lambda fact: fact["by_partition"].clear(), "more rows of a table are gone than"),
    "a month's hash": (
        lambda fact: min(fact["by_partition"].items())[1].update(hash_sum="7"),
        "the receipts of the months of fact_sale do not add up to its own",
    ),
    "no reject": (lambda fact: fact["rejected"].clear(), "more rows of a table are gone than"),
    "one row more": (lambda fact: fact.update(handed=fact["handed"] + 1), "rows went in"),
}


@pytest.fixture(scope="module")
def company(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """Give a company that published a night; then sales changed, rejected ones among them, and were extracted."""
    folder: Path = tmp_path_factory.mktemp("cured")
    with campaign.small_blocks(), Source(make_database(postgres_server, "cured"), folder / "tables") as source:
        settings = {"TABLES_DIR": str(source.tables), "WORKERS": "1", "WINDOW_YEARS": "1", "KEEP_RUNS": "1"}
        company = Company(folder, {"shop": source.url}, settings)
        write_queries(folder / "queries")
        source.fill(1)
        company.done()
        built(company)
        published = company.call(ROOT / "LoadFilesBQ.py", load.run)
        assert published.code == 0, published.err
        source.sql(
            f"UPDATE shop.sale SET units = units + 1, updated_at = '{source.now}' WHERE units > 85 OR sale_id % 3 = 0"
        )
        company.done()
        yield company


def built(company: Company) -> tuple[StarManifest, str]:
    """Build a star; returns what the log says, too."""
    ended = build(company)
    assert ended.code == 0, ended.err
    return company.store.star.newest(""), ended.err


@pytest.mark.parametrize("name", DAMAGES)
def test_what_does_not_fit_is_built_in_full_in_the_same_night(company: Company, name: str) -> None:
    """It says why, and is the star that was to be built of what changed."""
    damage, why = DAMAGES[name]
    by_changes, said = built(company)
    assert "all rows are built" not in said
    sale = by_changes.tables["fact_sale"]
    assert sale.change
    path = company.store.star.path(sale.change.on) / MANIFEST
    kept = path.read_text()
    manifest = json.loads(kept)
    damage(manifest["tables"]["fact_sale"])
    path.write_text(json.dumps(manifest))
    in_full, said = built(company)
    path.write_text(kept)
    assert "all rows are built" in said
    assert why in said
    assert in_full.tables["fact_sale"].change is None

    assert in_full.tables["fact_sale"].receipt == sale.receipt
    assert tables_of(company, in_full)["fact_sale"].counts["rejected"] == sale.rejected


def test_after_a_star_of_changes_that_could_not_be_published_all_is_built(company: Company) -> None:
    """Whatever was wrong with it: the next night does not fail in the same way."""
    star, _ = built(company)
    load_failed = nights.StageRecord(script="LoadFilesBQ.py", started=star.as_of, seconds=1, exit_code=1)
    record = nights.NightRecord(run=star.run, started=star.as_of, exit_code=1, stages=(load_failed,))
    nights.write(company.data, record, keep=1)
    in_full, said = built(company)
    assert f"all rows are built: the star of changes before, {star.run}, could not be published" in said
    assert in_full.tables["fact_sale"].receipt == star.tables["fact_sale"].receipt
    nights.file_of(company.data, star.run).unlink()


def test_what_is_published_outlives_nights_that_are_not(company: Company) -> None:
    """However many (KEEP_RUNS is 1 here), the next one stands on it, and is one by changes."""
    store, published = company.store, company.store.loaded.newest("")
    star, said = built(company)
    assert "all rows are built" not in said
    assert store.star.committed() == [published.made_from, star.run]
    before = store.star.read(str(published.made_from)).made_from
    assert store.raw.committed() == [before, star.made_from]
    ended = company.call(ROOT / "LoadFilesBQ.py", load.run)
    assert ended.code == 0, ended.err
    company.done()
    assert before not in store.raw.committed()
