"""Stage 1 by what changed, of MariaDB: its transactions are looked at before the snapshot, in the server's zone."""

import time
from collections import Counter
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.download.company import Company
from tests.maria import Maria

QUERY = "SELECT id, value, updated_at FROM item"


@pytest.fixture
def item(tmp_path: Path, maria: Maria) -> Company:
    """Give a company whose items are in MariaDB."""
    company = Company(tmp_path, {"shop": maria.url()})
    maria.sql(
        "DROP TABLE IF EXISTS item",
        "CREATE TABLE item (id int PRIMARY KEY, value decimal(12,2), updated_at timestamp(6) NULL)",
        "INSERT INTO item SELECT seq, seq, NOW(6) - INTERVAL seq HOUR FROM seq_1_to_500",
    )
    company.query("item", QUERY, more="-- watermark: updated_at\n-- sweep: nightly\n")
    return company


def test_a_night_reads_what_changed(item: Company, maria: Maria) -> None:
    """Updates, inserts, deletes and what has no watermark; by the server's clock, whatever its time zone."""
    item.done()
    item.publish()
    maria.sql(
        "UPDATE item SET value = -1, updated_at = NOW(6) WHERE id = 300",
        "INSERT INTO item VALUES (501, 7, NOW(6)), (502, 8, NULL)",
        "DELETE FROM item WHERE id = 3",
    )
    item.done()
    changes = item.table("item").changes
    assert changes
    assert [layer.rows for layer in changes.layers] == [500, 4]  # with the newest of before
    rows = Counter((row["id"], row["value"]) for row in item.rows("item"))
    assert rows == Counter((int(n), value) for n, value in maria.sql("SELECT id, value FROM item"))


def test_a_table_that_was_emptied_and_filled_is_read_in_full(item: Company, maria: Maria) -> None:
    """Its rows have their old watermarks, and other values; an account with PROCESS sees its new file."""
    maria.sql("CREATE USER IF NOT EXISTS seeing IDENTIFIED BY 'secret'")
    maria.sql("GRANT SELECT ON shop.* TO seeing", "GRANT PROCESS ON *.* TO seeing")
    item.sources["shop"] = maria.url().replace("etl:secret", "seeing:secret")
    item.done()
    item.publish()
    maria.sql(
        "CREATE OR REPLACE TABLE kept AS SELECT * FROM item",
        "TRUNCATE item",
        "INSERT INTO item SELECT id, value + 1, updated_at FROM kept",
        "DROP TABLE kept",
    )
    assert "its table was made anew, emptied or rewritten" in item.download().err
    assert min(row["value"] for row in item.rows("item")) == 2


def test_a_transaction_that_is_open_for_long_is_waited_for(item: Company, maria: Maria) -> None:
    """The watermark stays before its start, and so its rows are read when it has ended."""
    maria.sql("CREATE USER IF NOT EXISTS seeing IDENTIFIED BY 'secret'")
    maria.sql("GRANT SELECT ON shop.* TO seeing", "GRANT PROCESS ON *.* TO seeing")
    item.sources["shop"] = maria.url().replace("etl:secret", "seeing:secret")
    with closing(maria.connect()) as late:
        late.begin()
        late.cursor().execute("UPDATE item SET value = 99, updated_at = NOW(6) WHERE id = 7")
        time.sleep(1.1)
        maria.sql("INSERT INTO item VALUES (600, 1, NOW(6))")
        item.done()
        item.publish()
        late.commit()
    first = item.table("item").changes
    assert first
    assert first.since
    assert first.greatest
    late_by = datetime.fromisoformat(first.greatest) - datetime.fromisoformat(first.since)
    assert timedelta(minutes=15, seconds=1) < late_by < timedelta(minutes=16)  # the lag, and the transaction's age
    item.done()
    assert {row["value"] for row in item.rows("item") if row["id"] == 7} == {99}


def test_an_account_that_sees_no_others_is_told(item: Company, maria: Maria) -> None:
    """Which privilege it lacks, and what that may cost; the night goes on."""
    maria.sql("CREATE USER IF NOT EXISTS blind IDENTIFIED BY 'secret'", "GRANT SELECT ON shop.* TO blind")
    item.sources["shop"] = maria.url().replace("etl:secret", "blind:secret")
    ended = item.download()
    assert ended.code == 0, ended.err
    assert "GRANT PROCESS" in ended.err


def test_more_days_and_all_rows_are_read_on_demand(item: Company, maria: Maria) -> None:
    """What came with an old watermark: `--since` reads it, and `--full` tells of it."""
    item.query("item", QUERY, more="-- watermark: updated_at\n-- sweep: never\n")
    item.done()
    item.publish()
    maria.sql("INSERT INTO item VALUES (600, 1, NOW(6) - INTERVAL 3 DAY)")
    item.done()
    item.publish()
    assert 600 not in {row["id"] for row in item.rows("item")}
    day = (datetime.now() - timedelta(days=5)).date()
    ended = item.download("--since", str(day))
    assert ended.code == 0, ended.err
    assert 600 in {row["id"] for row in item.rows("item")}
    assert "1 came with an old watermark (such as id 600)" in item.download("--full").err  # than what is published
