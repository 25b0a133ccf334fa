"""Stage 1 by what changed: whatever happens at the source, what stands is what the source has.

| what happens | what is read | what stands |
|---|---|---|
| a row is written, or written again | the rows from the last watermark on | the newest of each key |
| a row is deleted | the keys, as often as `-- sweep:` says | it no more |
| a transaction is open for hours | from its start on, until it has ended | its rows, the night after its end |
| the query, its columns, a value of the night in it change | all rows | what the query gives |
| the source went back, was restored, or wrote without a watermark | all rows, and why is said | what the source has |
"""

import random
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

import psycopg2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.core.errors import DataError
from etl.transform.raw import all_superseded, read_whole
from tests.conftest import Sql
from tests.download.company import Company

QUERY = "SELECT id, kind, value, updated_at FROM item"
WATCHED = "-- watermark: updated_at\n-- sweep: nightly\n"


@pytest.fixture
def item(company: Company, sql: Sql) -> Iterator[Company]:
    """Give a company with a table of items, 2,000 of them, and a query that is read by its changes."""
    sql(
        "CREATE TABLE item (id int, kind text, value numeric(12,2), updated_at timestamptz);"
        "INSERT INTO item SELECT g, 'k' || g % 7, g, now() - g * interval '1 hour' FROM generate_series(1, 2000) g",
    )
    company.query("item", QUERY, more=WATCHED)
    yield company
    sql("DROP TABLE item CASCADE")


def night(company: Company, *arguments: str) -> str:
    """Extract and publish; returns what the log says."""
    ended = company.download(*arguments)
    assert ended.code == 0, ended.err
    company.publish()
    return ended.err


def standing(company: Company, name: str = "item") -> Counter[tuple[Any, ...]]:
    """Give the rows of the newest run, as stage 2 reads them."""
    return Counter(tuple(row.values()) for row in company.rows(name))


def there(sql: Sql, query: str = QUERY) -> Counter[tuple[Any, ...]]:
    """Give the rows of the source."""
    return Counter(sql(query))


def layers(company: Company, name: str = "item") -> int:
    """Give how many layers the newest run's table stands on."""
    changes = company.table(name).changes
    return len(changes.layers) if changes else 0


def test_a_night_reads_what_changed(item: Company, sql: Sql) -> None:
    """Not the 2,000 rows, but those that were written since, and what is as new as the last: with the lag."""
    night(item)
    sql(
        "UPDATE item SET value = -1, updated_at = now() WHERE id = 1500;"
        "INSERT INTO item VALUES (2001, 'new', 7, now());"
        "DELETE FROM item WHERE id = 3",
    )
    said = night(item)
    table = item.table("item")
    assert standing(item) == there(sql)
    assert table.rows == 2000
    assert table.changes
    assert [layer.rows for layer in table.changes.layers] == [2000, 3]  # the two, and the newest of before
    assert table.changes.gone == 3  # the old 1500 and 1, and 3
    assert "3 rows since" in said


@pytest.mark.parametrize(
    ("query", "lines", "changed"),
    [
        (QUERY, "", 2),
        (
            QUERY.replace("kind", "CASE WHEN id = 5 THEN E'two\\nlines' ELSE kind END AS kind"),
            "-- survivor: -value\n",
            2,
        ),
        (
            f'{QUERY} WHERE kind IN (SELECT kind FROM item WHERE updated_at >= :since) ORDER BY kind COLLATE "C", id',
            "-- group by: kind\n",
            571,  # of two kinds of seven
        ),
    ],
    ids=["a key", "a key with a survivor", "a group"],
)
def test_what_comes_again_as_it_was_is_no_change(item: Company, sql: Sql, query: str, lines: str, changed: int) -> None:
    """The rows of the lag are read every time: no later stage gets those to do with that are the same.

    Of the rows that were extracted in full no line is known: they may come once more.
    """
    item.query("item", query, more=WATCHED + lines)
    night(item)
    sql("UPDATE item SET value = value + 1, updated_at = now() WHERE id < 20")
    night(item)
    sql("UPDATE item SET value = -5, updated_at = now() WHERE id IN (5, 700)")
    night(item)
    assert layers(item) == 3
    assert rows_that_came(item) == changed
    night(item)
    assert rows_that_came(item) == 0
    whole = query.partition(" WHERE kind IN")[0]
    assert standing(item) == there(sql, whole)


def rows_that_came(company: Company) -> int:
    """Count the rows of the newest layer that stand."""
    table = company.table("item")
    assert table.changes
    first = sum(layer.rows for layer in table.changes.layers[:-1])
    gone = all_superseded(company.store.raw.path(table.run), table)
    return table.changes.layers[-1].rows - int((gone >= first).sum())


def test_a_change_is_asked_for_by_the_index(item: Company, sql: Sql) -> None:
    """The condition is around the query, and PostgreSQL looks through that."""
    night(item)
    sql("CREATE INDEX ON item (updated_at); ANALYZE item")
    since = item.table("item").changes
    assert since
    asked = (
        f'EXPLAIN SELECT * FROM ({QUERY}\n) AS query WHERE "updated_at" >= \'{since.since}\' OR "updated_at" IS NULL'
    )
    assert "Seq Scan" not in str(sql(asked))


def test_nights_that_are_not_published_are_no_ground(item: Company, sql: Sql) -> None:
    """The next one stands on the published one, and reads what both have missed."""
    night(item)
    sql("UPDATE item SET value = 1, updated_at = now() WHERE id = 10")
    assert item.download().code == 0
    sql("UPDATE item SET value = 2, updated_at = now() WHERE id = 20")
    night(item)
    assert layers(item) == 2
    assert standing(item) == there(sql)


def test_a_transaction_that_is_open_for_long_is_waited_for(item: Company, shop: str, sql: Sql) -> None:
    """Its rows carry the time at which it began, and are seen when it has ended: the watermark stays before it."""
    night(item)
    with closing(psycopg2.connect(shop)) as late:
        cursor = late.cursor()
        cursor.execute("UPDATE item SET value = 99, updated_at = now() - interval '2 hours' WHERE id = 7")
        cursor.execute("SELECT pg_backend_pid()")
        sql("INSERT INTO item VALUES (3000, 'in between', 1, now())")
        night(item)
        cursor.execute("SELECT xact_start FROM pg_stat_activity WHERE pid = pg_backend_pid()")
        (began,) = cursor.fetchone() or (None,)
        changes = item.table("item").changes
        assert changes
        assert changes.since
        assert changes.since < str(began)
        late.commit()


def test_rows_without_a_watermark_are_always_read(item: Company, sql: Sql) -> None:
    """NULL says nothing of when."""
    sql("INSERT INTO item VALUES (4000, 'nobody knows', 1, NULL)")
    night(item)
    sql("UPDATE item SET value = 2 WHERE id = 4000")
    night(item)
    assert layers(item) == 2
    assert standing(item) == there(sql)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("INSERT INTO item VALUES (5000, 'late', 0, now() - interval '30 days')", "no watermark told of"),
        ("UPDATE item SET updated_at = updated_at - interval '90 days'", "watermark went back"),
        ("ALTER TABLE item ADD more int DEFAULT 3", "columns, or their types, are others"),
    ],
    ids=["written late", "the source went back", "another column"],
)
def test_what_changes_cannot_tell_is_read_in_full(item: Company, sql: Sql, change: str, why: str) -> None:
    """In the same night, and why is said."""
    item.query("item", "SELECT * FROM item", more=WATCHED)
    night(item)
    sql(change)
    said = night(item)
    assert re.search(f"item: all rows are read: .*{why}", said), said
    assert layers(item) == 1
    assert standing(item) == there(sql, "SELECT * FROM item")


@pytest.mark.parametrize(
    ("kind", "odd"),
    [
        ("timestamptz", "infinity"),
        ("timestamptz", "9999-12-31"),
        ("timestamptz", "tomorrow"),
        ("timestamptz", "4713-01-01 BC"),
        ("timestamp", "15000-01-01"),
        ("date", "infinity"),
    ],
)
def test_a_watermark_that_is_no_time_yet_holds_nothing_up(item: Company, sql: Sql, kind: str, odd: str) -> None:
    """A row of infinity, of year 9999 or of a clock that is ahead: the nights go on by the source's clock."""
    sql(f"ALTER TABLE item ALTER updated_at TYPE {kind}")
    night(item)
    sql(f"UPDATE item SET value = 1, updated_at = '{odd}' WHERE id = 5")
    night(item)
    sql("UPDATE item SET value = 2, updated_at = now() WHERE id IN (9, 2000)")
    night(item)
    changes, table = item.table("item").changes, item.table("item")
    assert changes
    assert str(datetime.now()) > str(changes.since) > str(datetime.now() - timedelta(days=3))
    assert (layers(item), table.rows) == (3, 2000)
    rows = read_whole(item.store.raw.path(table.run), table).frame
    read = rows[rows["id"].isin([9, 2000])]["value"].astype(str)
    assert sorted(read) == ["2.00", "2.00"]


def test_a_watermark_of_a_clock_that_was_set_back_is_no_ground(item: Company, sql: Sql) -> None:
    """What is written from now on has earlier times than what was read: all rows are read until the clock is there."""
    night(item)
    path = item.store.raw.path(item.table("item").run) / "manifest.json"
    changes = item.table("item").changes
    assert changes
    later = datetime.fromisoformat(str(changes.since)) + timedelta(days=2)
    path.write_text(path.read_text().replace(f'"{changes.since}"', f'"{later}"'))
    sql("UPDATE item SET value = 3, updated_at = now() WHERE id = 40")
    assert f"all rows are read: its watermark is at {later}, and the source's clock says" in night(item)
    assert standing(item) == there(sql)
    night(item)
    assert layers(item) == 2


def test_a_damaged_base_is_told_with_the_cure(item: Company, sql: Sql) -> None:
    """The nights that stand on it have the same damage: one that reads all rows has not."""
    night(item)
    base = item.store.raw.path(item.table("item").run) / "item.csv"
    base.write_bytes(base.read_bytes().replace(b"k1", b"kX", 1))
    night(item)
    with pytest.raises(DataError, match="is not what was extracted") as told:
        standing(item)
    assert told.value.hint == "Run SQLDownloadMain.py --full."
    night(item, "--full")
    assert standing(item) == there(sql)


def test_another_query_is_read_in_full(item: Company, sql: Sql) -> None:
    """What was extracted before answers another question."""
    night(item)
    item.query("item", QUERY + " WHERE id > 10", more=WATCHED)
    assert "the query, or a value of the night in it, is another" in night(item)
    assert standing(item) == there(sql, QUERY + " WHERE id > 10")


@pytest.mark.parametrize(
    ("query", "is_asked"),
    [
        (QUERY, True),
        ("SELECT i.id, j.value, i.updated_at FROM item i JOIN item j ON j.id = i.id", False),
        ("SELECT id, value, updated_at FROM item_view", False),
        ("SELECT min(id) AS id, kind, max(updated_at) AS updated_at FROM item GROUP BY kind", False),
        ("SELECT i.id, j.value, i.updated_at FROM item i JOIN item j USING (id) WHERE i.updated_at >= :since", True),
    ],
    ids=["one table", "a join", "a view", "groups", "a join with :since"],
)
def test_only_what_is_of_one_table_is_wrapped(item: Company, sql: Sql, query: str, is_asked: bool) -> None:
    """Of others, the author places `:since`; where nobody did, all rows are read, and it is said."""
    sql("CREATE VIEW item_view AS SELECT a.id, a.value, b.updated_at FROM item a JOIN item b ON a.id = b.id")
    item.query("item", query, more=WATCHED)
    night(item)
    said = night(item)
    assert (layers(item) == 2) == is_asked
    assert ("and :since is not placed" in said) != is_asked
    assert standing(item) == there(sql, query.replace(":since", "'-infinity'"))


def test_a_survivor_is_chosen_among_all_of_its_siblings(item: Company, sql: Sql) -> None:
    """Of rows with one key all come, though one of them changed: so that one that goes leaves the right one."""
    item.query("item", QUERY, more=f"-- survivor: -value\n{WATCHED}")
    sql("INSERT INTO item VALUES (9, 'second', 1, now() - interval '1 day'), (9, 'third', 0, now() - interval '1 day')")
    night(item)
    sql("UPDATE item SET value = 0.5, updated_at = now() WHERE id = 9 AND kind = 'third'")
    night(item)
    assert layers(item) == 2
    assert standing(item) == there(sql)


def test_groups_come_whole(item: Company, sql: Sql) -> None:
    """Where the author's `:since` gives whole groups, a group that a row has left is put in its place."""
    query = (
        "SELECT kind, id, value, updated_at FROM item WHERE kind IN (SELECT kind FROM item WHERE updated_at >= :since)"
    )
    order = ' ORDER BY kind COLLATE "C", id'
    item.query("item", query + order, more=f"-- group by: kind\n{WATCHED}")
    night(item)
    sql(
        "DELETE FROM item WHERE id = 14; UPDATE item SET value = 1, updated_at = now() WHERE id = 21;"
        "UPDATE item SET kind = 'k3', updated_at = now() WHERE id IN (22, 1999)"
    )
    night(item)
    assert layers(item) == 2
    assert standing(item) == there(sql, "SELECT kind, id, value, updated_at FROM item")


def test_rows_that_are_marked_as_deleted_go(item: Company, sql: Sql) -> None:
    """`-- deleted:` names the column; such a row stands in no run, also not in a full one."""
    sql("ALTER TABLE item ADD deleted_at timestamptz; UPDATE item SET deleted_at = now() WHERE id = 4")
    query = "SELECT id, value, updated_at, deleted_at FROM item"
    item.query("item", query, more="-- watermark: updated_at\n-- deleted: deleted_at\n")
    night(item)
    assert item.table("item").rows == 1999
    sql("UPDATE item SET deleted_at = now(), updated_at = now() WHERE id = 5")
    night(item)
    assert layers(item) == 2
    assert standing(item) == there(sql, f"{query} WHERE deleted_at IS NULL")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("-- watermark: kind\n", "names a column of text, which is no time and no whole number"),
        ("-- watermark: id\n", "the watermark id is a number, but the lag is a time"),
        ("-- watermark: updated_at\n-- lag: 5\n", "the watermark updated_at is a time, but the lag is a number"),
        ("-- watermark: updated_at\n-- lag: soon\n", "is no time and no number"),
        ("-- watermark: updated_at\n-- sweep: daily\n", "`-- sweep: daily` is not known"),
        ("-- watermark: updated_at\n-- lag: 99999999999 d\n", "is longer than any time"),
        ("-- watermark: updated_at\n-- deleted: is_old\n", "names a column of boolean"),
        ("-- watermark: updated_at\n-- pii: updated_at\n", "names personal data, whose values are never shown"),
        ("-- watermark: nothing\n", "names the column nothing, which the query does not return"),
        ("-- sweep: weekly\n", "and no line `-- watermark: …`"),
    ],
)
def test_a_header_that_cannot_be_meant_is_a_sentence(item: Company, lines: str, said: str) -> None:
    """Exit code 1, and nothing is committed."""
    item.query("item", "SELECT id, kind, value, updated_at, id < 9 AS is_old FROM item", more=lines)
    ended = item.download()
    assert ended.code == 1
    assert said in ended.err


def test_a_watermark_may_be_a_number(item: Company, sql: Sql) -> None:
    """One that grows, also if it reads like a day; its lag is how many may be given out and not be committed."""
    query = "SELECT 20988111 + id AS id, kind, value, updated_at FROM item"
    item.query("item", query, more="-- watermark: id\n-- lag: 10\n-- sweep: nightly\n")
    night(item)
    sql("INSERT INTO item SELECT g, 'more', g, now() FROM generate_series(2001, 2050) g")
    night(item)
    changes = item.table("item").changes
    assert changes
    assert [layer.rows for layer in changes.layers] == [2000, 61]
    assert standing(item) == there(sql, query)


def test_times_without_a_zone_may_be_those_of_a_clock_that_was_set_back(item: Company, sql: Sql) -> None:
    """In autumn an hour comes twice: a row of its second time has a watermark before the last one."""
    sql("ALTER TABLE item ALTER updated_at TYPE timestamp USING updated_at AT TIME ZONE 'Europe/Madrid'")
    night(item)
    sql("UPDATE item SET value = 8, updated_at = (SELECT max(updated_at) - interval '59 min' FROM item) WHERE id = 900")
    night(item)
    assert layers(item) == 2
    assert standing(item) == there(sql)


@pytest.mark.parametrize("name", ["item.csv", "item.keys.parquet"])
def test_what_is_not_there_any_more_is_no_ground(item: Company, sql: Sql, name: str) -> None:
    """A file that is gone, or another one: all rows are read, and it is said."""
    night(item)
    path = item.store.raw.path(item.table("item").run) / name
    path.write_bytes(path.read_bytes()[:-1])
    assert "files of run" in night(item)
    assert layers(item) == 1
    assert standing(item) == there(sql)


def test_all_rows_are_read_on_demand(item: Company, sql: Sql) -> None:
    """`--full` is the cure for whatever else happened."""
    night(item)
    sql("UPDATE item SET value = 5 WHERE id = 1999")  # without a watermark: nobody can see it
    assert "(--full)" in night(item, "--full")
    assert layers(item) == 1
    assert standing(item) == there(sql)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE item SET value = 5 WHERE id IN (1998, 1999)", "2 changed (such as id 1998; id 1999)"),
        (
            "INSERT INTO item VALUES (7000, 'late', 0, now() - interval '30 days')",
            "1 came with an old watermark",
        ),
        ("DELETE FROM item WHERE id = 1234", "1 went (such as id 1234)"),
        ("UPDATE item SET value = 5, updated_at = NULL WHERE id = 9", ""),
        ("UPDATE item SET value = 5, updated_at = now() WHERE id = 9", ""),
        ("INSERT INTO item VALUES (7000, 'new', 0, now())", ""),
    ],
    ids=["changed", "late", "deleted", "without a watermark", "told", "new"],
)
def test_a_night_of_all_rows_tells_what_the_others_have_missed(item: Company, sql: Sql, change: str, said: str) -> None:
    """Rows that changed, came or went, and no watermark told; what a night of changes reads is not missed."""
    item.query("item", QUERY, more="-- watermark: updated_at\n-- sweep: never\n")
    night(item)
    sql("UPDATE item SET kind = 'other', updated_at = now() WHERE id IN (5, 6, 1234)")
    night(item)
    sql(change)
    night(item)
    heard = night(item, "--full")
    assert said in heard
    assert ("have missed nothing" in heard) == (said == "")
    assert "have missed nothing" in night(item, "--full")


@pytest.mark.parametrize(
    ("query", "lines", "said"),
    [
        (QUERY, "-- watermark: id\n-- lag: 10\n-- sweep: never\n", "1 changed (such as id 17)"),
        (QUERY, "-- survivor: -value\n-- watermark: updated_at\n-- sweep: never\n", "1 changed (such as id 17)"),
        (QUERY, "-- pii: id\n-- watermark: updated_at\n-- sweep: never\n", "1 changed. Whatever"),
        (f"{QUERY} WHERE updated_at >= :since", "-- watermark: updated_at\n-- sweep: never\n", ""),
    ],
    ids=["a number", "a survivor", "personal data", "the author's :since"],
)
def test_what_was_missed_is_told_by_keys(item: Company, sql: Sql, query: str, lines: str, said: str) -> None:
    """Of all kinds of watermarks; no value of personal data. Which keys the author's condition brings nobody knows."""
    item.query("item", query, more=lines)
    sql("INSERT INTO item VALUES (17, 'twin', 0, now() - interval '99 hours')" if "survivor" in lines else "SELECT 1")
    night(item)
    sql("UPDATE item SET kind = 'other' WHERE id = 17 AND value <> 0")
    night(item)
    heard = night(item, "--full")
    assert said in heard
    assert ("have missed" in heard) == (said != "")


def test_what_a_sweep_would_have_found_is_not_missed(item: Company, sql: Sql) -> None:
    """Deleted rows, and those that came late, where the keys are compared in the same night."""
    night(item)
    sql("DELETE FROM item WHERE id = 3; INSERT INTO item VALUES (7000, 'late', 0, now() - interval '30 days')")
    assert "have missed nothing" in night(item, "--full")


def day_before(company: Company, days: int = 5) -> str:
    """Give a day before the one from which on the next night would read."""
    changes = company.table("item").changes
    assert changes
    return str(datetime.fromisoformat(str(changes.since)).date() - timedelta(days=days))


@pytest.mark.parametrize("zone", ["Europe/Madrid", "America/New_York"])
@pytest.mark.parametrize("kind", ["timestamptz", "timestamp", "date"])
def test_more_days_are_read_on_demand(item: Company, sql: Sql, kind: str, zone: str) -> None:
    """`--since` reads what changed from a day on, upon the published run: also a row that came with an old time."""
    item.query("item", QUERY, more="-- watermark: updated_at\n-- sweep: never\n")
    item.settings["BUSINESS_TIME_ZONE"] = zone
    sql(f"ALTER TABLE item ALTER updated_at TYPE {kind}")
    night(item)
    sql("INSERT INTO item VALUES (6000, 'late', 1, now() - interval '3 days')")
    night(item)
    assert standing(item) != there(sql)
    day = day_before(item)
    said = night(item, "--since", day)
    assert standing(item) == there(sql)
    changes = item.table("item").changes
    assert changes
    assert str(changes.layers[-1].since) <= f"{day} 00:00:00+00:00"  # it begins some hours before in Madrid
    assert 48 < changes.layers[-1].rows < 200
    assert "rows since" in said
    night(item)
    changes = item.table("item").changes
    assert changes
    assert str(changes.layers[-1].since) > day  # the next night reads from where this one ended


def test_a_later_day_is_refused(item: Company, sql: Sql) -> None:
    """What changed in between would be lost: exit code 2, with the day up to which was read. Nothing is committed."""
    night(item)
    runs = item.store.raw.committed()
    ended = item.download("--since", day_before(item, days=-2))
    assert ended.code == 2
    assert "up to which item was read: what changed in between would be lost" in ended.err
    assert item.store.raw.committed() == runs


def test_a_day_says_nothing_to_a_number(item: Company, sql: Sql) -> None:
    """A watermark that is a number is read as every night, which is said."""
    item.query("item", QUERY, more="-- watermark: id\n-- lag: 10\n")
    night(item)
    assert "its watermark is a number, which no day is" in night(item, "--since", "2020-01-01")
    assert layers(item) == 2


def test_a_day_says_nothing_without_a_watermark(item: Company) -> None:
    """One sentence, exit code 2; and what is no day is a fault of the command line, as both options are."""
    item.query("item", QUERY)
    assert "no query has a watermark" in item.download("--since", "2020-01-01").err
    for wrong in (["--since", "yesterday"], ["--since", "2020-01-01", "--full"]):
        assert item.download(*wrong).code == 2


@pytest.mark.parametrize("name", ["n", "file_row_number", "deleted", "k0", 'a "b" c'])
def test_a_key_may_be_called_anything(item: Company, sql: Sql, name: str) -> None:
    """Also as what numbers and marks rows on the way."""
    quoted = '"' + name.replace('"', '""') + '"'
    sql(f"ALTER TABLE item RENAME id TO {quoted}")
    query = f"SELECT {quoted}, kind, value, updated_at FROM item"
    item.query("item", query, key=name, more=WATCHED)
    night(item)
    sql(f"UPDATE item SET value = 1, updated_at = now() WHERE {quoted} = 7; DELETE FROM item WHERE {quoted} = 9")
    night(item)
    assert layers(item) == 2
    assert standing(item) == there(sql, query)


@pytest.mark.parametrize(
    ("query", "word"),
    [
        (f"{QUERY} WHERE updated_at < now() - interval '1 hour'", "now"),
        ("SELECT id, updated_at, CURRENT_DATE - updated_at::date AS age FROM item", "current_date"),
        (f"{QUERY} WHERE updated_at < 'today'", "'today'"),
        ("SELECT id, gen_random_uuid()::text AS nonce, updated_at FROM item", "gen_random_uuid"),
    ],
)
def test_rows_that_change_though_nobody_writes_are_read_in_full(item: Company, query: str, word: str) -> None:
    """By the clock, or by chance: no watermark tells of that."""
    item.query("item", query, more=WATCHED)
    night(item)
    assert f"all rows are read: it uses {word}" in night(item)
    assert layers(item) == 1


@pytest.mark.parametrize(
    "rebuild",
    [
        "DROP TABLE item; ALTER TABLE kept RENAME TO item",
        "TRUNCATE item; INSERT INTO item SELECT * FROM kept; DROP TABLE kept",
    ],
    ids=["another table of its name", "emptied and filled"],
)
def test_a_table_that_was_made_anew_is_read_in_full(item: Company, sql: Sql, rebuild: str) -> None:
    """Its rows have their old watermarks, and other values."""
    night(item)
    sql(
        f"CREATE TABLE kept (LIKE item);INSERT INTO kept SELECT id, kind, value + 1, updated_at FROM item; {rebuild}",
    )
    assert "its table was made anew, emptied or rewritten" in night(item)
    assert standing(item) == there(sql)


def test_a_database_that_was_restored_is_read_in_full(item: Company, sql: Sql) -> None:
    """It may have lost what was read, and have gone on since: no watermark tells of that."""
    night(item)
    (history,) = sql(
        "SELECT system_identifier || '/' || timeline_id FROM pg_control_system(), pg_control_checkpoint()"
    )[0]
    path = item.store.raw.path(item.table("item").run) / "manifest.json"
    path.write_text(path.read_text().replace(f'"{history}"', '"before/1"'))
    assert "its database was restored" in night(item)
    assert layers(item) == 1


def test_a_subscriber_is_warned_of(item: Company, sql: Sql) -> None:
    """Its rows come when they come, with the times of another server."""
    sql("CREATE SUBSCRIPTION copy CONNECTION 'dbname=nowhere' PUBLICATION items WITH (connect = false)")
    try:
        assert "is a subscriber, whose rows come with the times of their publisher" in night(item)
    finally:
        sql("ALTER SUBSCRIPTION copy SET (slot_name = NONE); DROP SUBSCRIPTION copy")


def test_of_several_rows_with_one_key_none_goes_with_another(item: Company, sql: Sql) -> None:
    """Without a survivor they are an error that stage 2 has to see: all rows are read."""
    sql("INSERT INTO item VALUES (9, 'second', 1, now() - interval '1 day')")
    item.query("item", QUERY, more="-- watermark: updated_at\n")
    night(item)
    sql("UPDATE item SET value = 5, updated_at = now() WHERE id = 9 AND kind = 'second'")
    assert "1 keys that changed have several rows" in night(item)
    assert standing(item) == there(sql)


def test_keys_that_no_calendar_has_are_keys(item: Company, sql: Sql) -> None:
    """As texts; and what is marked as deleted does not stand for their sake."""
    sql(
        "ALTER TABLE item ADD due timestamptz, ADD gone int;"
        "UPDATE item SET due = CASE WHEN id = 3 THEN 'infinity' ELSE updated_at END, gone = nullif(id % 2, 0)",
    )
    query = "SELECT due, id, updated_at, gone FROM item"
    item.query("item", query, key="due, id", more=f"-- deleted: gone\n{WATCHED}")
    night(item)
    sql("UPDATE item SET gone = NULL, updated_at = now() WHERE id IN (3, 5); DELETE FROM item WHERE id = 8")
    night(item)
    table = item.table("item")
    assert layers(item) == 2
    assert table.rows == len(sql(f"{query} WHERE gone IS NULL"))


def test_a_key_that_does_not_fit_is_told_without_its_value(item: Company, sql: Sql) -> None:
    """It may be personal data; from then on the keys are compared as texts."""
    sql("ALTER TABLE item ADD born date DEFAULT '1999-12-31'")
    item.query("item", "SELECT born, id, updated_at FROM item", key="born, id", more=f"-- pii: born\n{WATCHED}")
    night(item)
    sql("UPDATE item SET born = '0044-03-15 BC', updated_at = now() WHERE id = 5")
    said = night(item)
    assert "all rows are read: a key is not of its column's type" in said
    assert "0044-" not in said
    sql("UPDATE item SET updated_at = now() WHERE id = 5")
    night(item)
    assert layers(item) == 2
    assert item.table("item").rows == 2000


@pytest.mark.parametrize("kind", ["timestamptz", "timestamp", "date"])
def test_a_watermark_may_be_of_the_first_year(item: Company, sql: Sql, kind: str) -> None:
    """As applications write what they do not know; the lag goes back no further."""
    sql(f"ALTER TABLE item ALTER updated_at TYPE {kind}; UPDATE item SET updated_at = '0001-01-01 00:00:00+00'")
    night(item)
    sql("UPDATE item SET value = 9 WHERE id = 9")
    night(item)
    assert standing(item) == there(sql)


def test_a_view_that_asks_the_clock_is_read_in_full(item: Company, sql: Sql) -> None:
    """Its rows come into sight though nobody writes them; wherever `:since` is placed."""
    sql("CREATE VIEW due AS SELECT * FROM item WHERE updated_at < now() - interval '1 hour'")
    item.query("item", "SELECT id, value, updated_at FROM due WHERE updated_at >= :since", more=WATCHED)
    night(item)
    assert "all rows are read: a view in it asks the clock" in night(item)
    assert standing(item) == there(sql, "SELECT id, value, updated_at FROM due")


def test_a_range_without_changes_leaves_no_file(item: Company, sql: Sql, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not in the way of those of the night before, and not in the run."""
    sql("ANALYZE item")
    monkeypatch.setattr("etl.download.ranges.RANGE_BYTES", 15_000)
    item.query("item", QUERY, more=f"-- partition on: id\n{WATCHED}")
    night(item)
    before = item.table("item").files
    assert len(before) > 2
    monkeypatch.setattr("etl.download.ranges.RANGE_BYTES", 1000)
    sql("UPDATE item SET value = 1, updated_at = now() WHERE id > 1990; DELETE FROM item WHERE id < 9")
    night(item)
    table = item.table("item")
    assert layers(item) == 2
    assert standing(item) == there(sql)
    assert {path.name for path in item.store.raw.path(table.run).iterdir()} == {*table.files, "manifest.json"}


def test_no_more_connections_are_opened_than_are_allowed(item: Company, sql: Sql) -> None:
    """Also by tables that turn out to have to be read in full."""
    sql("CREATE ROLE few LOGIN CONNECTION LIMIT 2; GRANT SELECT ON item TO few")  # one holds the snapshot
    item.sources["shop"] = item.sources["shop"].replace("//postgres@", "//few@")
    item.settings["SOURCE_CONNECTIONS"] = "1"
    item.query("again", QUERY, more=WATCHED)
    night(item)
    sql("INSERT INTO item VALUES (5000, 'late', 0, now() - interval '30 days')")
    assert night(item).count("no watermark told of") == 2
    assert standing(item) == standing(item, "again") == there(sql)


def test_a_run_keeps_no_file_that_it_does_not_name(item: Company, sql: Sql) -> None:
    """What an earlier night knew to be superseded is linked no further."""
    night(item)
    for _ in range(2):
        sql("UPDATE item SET value = value + 1, updated_at = now() WHERE id < 9")
        night(item)
    table = item.table("item")
    there = {path.name for path in item.store.raw.path(table.run).iterdir()}
    assert there == {*table.files, "manifest.json"}


def test_a_data_folder_may_have_any_name(item: Company, sql: Sql) -> None:
    """Its characters are no pattern."""
    item.folder /= "of [a] *?"
    item.folder.mkdir()
    item.query("item", QUERY, more=WATCHED)
    night(item)
    sql("UPDATE item SET value = 1, updated_at = now() WHERE id = 7")
    night(item)
    assert layers(item) == 2
    assert standing(item) == there(sql)


DEEDS = ("insert", "update", "delete", "renumber", "empty watermark", "same instant")


def test_random_nights_give_what_the_source_has(item: Company, shop: str, sql: Sql) -> None:
    """Inserts, updates, deletes, moved keys, equal instants, missed nights, transactions across nights, full ones.

    Most of them are truly by what changed: else it would be true of itself.
    """
    seen = Counter[int]()

    @settings(max_examples=6)
    @given(seed=st.integers(0, 10**9))
    def some_nights(seed: int) -> None:
        draw = random.Random(seed)
        night(item, "--full")
        for _ in range(6):
            for deed in draw.choices(DEEDS, k=draw.randint(1, 4)):
                _do(deed, draw, sql)
            if draw.random() < 0.2:
                assert item.download().code == 0  # and it is not published
            with closing(psycopg2.connect(shop)) as late:
                if draw.random() < 0.3:
                    late.cursor().execute("UPDATE item SET value = 0.01, updated_at = now() WHERE id % 97 = 5")
                night(item, *(["--full"] if draw.random() < 0.05 else []))
                assert standing(item) == there(sql)
                late.commit()
            seen[layers(item)] += 1
        night(item)
        assert standing(item) == there(sql)

    some_nights()
    assert seen[1] <= 0.2 * seen.total(), seen


def _do(deed: str, draw: random.Random, sql: Sql) -> None:
    number = draw.randint(1, 2500)
    statements = {
        "insert": f"INSERT INTO item VALUES ({number + 10_000 * draw.randint(1, 9)}, 'new', 1, clock_timestamp())",
        "update": f"UPDATE item SET value = value + 1, updated_at = clock_timestamp() WHERE id % 50 = {number % 50}",
        "delete": f"DELETE FROM item WHERE id = {number}",
        "renumber": f"UPDATE item SET id = id + 100000, updated_at = now() WHERE id = {number}",
        "empty watermark": f"UPDATE item SET updated_at = NULL, value = 3 WHERE id = {number}",
        "same instant": "UPDATE item SET value = 4, updated_at = (SELECT max(updated_at) FROM item)"
        f" WHERE id = {number}",
    }
    sql(statements[deed])
