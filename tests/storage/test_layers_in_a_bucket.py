"""Stage 1 by what changed, with its data folder in a bucket: the rows that stand are those of the source."""

from functools import cached_property
from pathlib import Path

import pytest

from etl.core.runs import Store
from tests.conftest import Sql
from tests.download.company import Company
from tests.download.test_read_by_changes import QUERY, WATCHED, layers, night, standing, there
from tests.storage.cloud import bucket_store


class InBucket(Company):
    """A company whose data are in a bucket."""

    @cached_property
    def store(self) -> Store:  # type: ignore[override]
        """The runs."""
        return bucket_store(self.settings["DATA_DIR"].split("/")[2], Path(self.settings["LOCAL_DIR"]))


@pytest.fixture
def item(tmp_path: Path, shop: str, sql: Sql, bucket: str) -> InBucket:
    """Give a company with a table of items, and a query that is read by its changes."""
    sql(
        "DROP TABLE IF EXISTS item; CREATE TABLE item (id int, kind text, value numeric(12,2), updated_at timestamptz);"
        "INSERT INTO item SELECT g, 'k' || g % 7, g, now() - g * interval '1 hour' FROM generate_series(1, 50) g",
    )
    settings = {"DATA_DIR": f"gs://{bucket}/etl", "LOCAL_DIR": str(tmp_path / "machine")}
    company = InBucket(tmp_path, {"shop": shop}, settings)
    company.query("item", QUERY, more=WATCHED)
    return company


def test_a_night_in_a_bucket_stands_on_the_night_before(item: InBucket, sql: Sql) -> None:
    """What changed, what was deleted, and all rows where no watermark told; nothing waits for a second try."""
    night(item)
    sql("UPDATE item SET value = 1, updated_at = now() WHERE id = 7; DELETE FROM item WHERE id = 9")
    night(item)
    assert layers(item) == 2
    assert standing(item) == there(sql)
    assert item.store.raw.newest("").seconds < 15
    sql("INSERT INTO item VALUES (5000, 'late', 0, now() - interval '30 days')")
    assert "no watermark told of" in night(item)
    assert standing(item) == there(sql)
    sql("DROP TABLE item")
