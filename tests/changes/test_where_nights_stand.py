"""The head in the warehouse says where the nights stand; the data folder's own record is a copy of it.

| what happened | the next night |
|---|---|
| the data folder was lost, and restored | knows how far was read, and reads all rows, for those are gone |
| the warehouse was restored from an older copy | stands on what is published again |
| a copy of the data folder published elsewhere | reads all rows: what is published is not of this folder |
| a night was killed when it had published | stands on it |
| what is published was undone, or refused | stands on what was published before, and reads again what it had read |
| the extraction that is published was removed | reads all rows |
| nobody publishes anything any more | reads all rows |
"""

import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from unittest import mock

import pytest

from config.paths import ROOT
from etl import load, published, transform
from etl.core.head import Head
from etl.core.runs import Runs
from tests.called import etl
from tests.conftest import Sql
from tests.download.company import Company, Ended
from tests.published import reading
from tests.transform.house import HEAD, in_this_process

FACT_WARE = '''
class FactWare(Fact, stream="wares", lost=1):
    """One row per ware."""

    id: Integer = natural_key("Its number.")
    kind: Text = attribute("Its kind.")


def build(wares: pd.DataFrame) -> pd.DataFrame:
    return wares[["id", "kind"]]
'''


@pytest.fixture(scope="module")
def company(shop: str, sql: Sql, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """Give a company of 40 wares, which published two nights; each test ends with one that is right."""
    sql(
        "CREATE TABLE ware (id serial PRIMARY KEY, kind text, updated_at timestamptz);"
        "INSERT INTO ware (kind, updated_at) SELECT 'old', now() - g * interval '1 day' FROM generate_series(1, 40) g"
    )
    folder = tmp_path_factory.mktemp("standing")
    (folder / "tables").mkdir()
    (folder / "tables" / "fact_ware.py").write_text(HEAD + FACT_WARE)
    settings = {
        "TABLES_DIR": str(folder / "tables"),
        "DUCKDB_FILE": str(folder / "elsewhere.duckdb"),
        "WORKERS": "1",
        "SOURCE_CONNECTIONS": "1",
    }
    company = Company(folder, {"shop": shop}, settings, published.head)
    company.query("wares", "SELECT id, kind, updated_at FROM ware", more="-- watermark: updated_at\n-- sweep: never\n")
    night(company, sql)
    night(company, sql)
    yield company
    sql("DROP TABLE ware")


def night(company: Company, sql: Sql, *options: str) -> str:
    """Run a night; what it publishes is what the source has. Returns what it said."""
    said = ""
    for stage in (extract, build, publish):
        ended = stage(company, *(options if stage is extract else ()))
        assert ended.code == 0, ended.err
        said += ended.err
    assert wares(company) == Counter(sql("SELECT id, kind FROM ware"))
    return said


def extract(company: Company, *options: str) -> Ended:
    """Run stage 1."""
    return company.download(*options)


def build(company: Company, *options: str) -> Ended:
    """Run stage 2."""
    with in_this_process():
        return company.call(ROOT / "TablesTransformMain.py", partial(transform.run, ask=published.ask), *options)


def publish(company: Company, *options: str) -> Ended:
    """Run stage 3."""
    return company.call(ROOT / "LoadFilesBQ.py", load.run, *options)


def wares(company: Company) -> Counter[tuple[int, str]]:
    """Read the published wares."""
    with reading(company.settings["DUCKDB_FILE"]) as connection:
        return Counter(connection.execute("SELECT id, kind FROM fact_ware").fetchall())


def since(company: Company) -> str | None:
    """Tell from where on the newest extraction has read; None where it has read all rows."""
    changes = company.table("wares").changes
    assert changes
    return changes.layers[-1].since


def head(company: Company) -> Head:
    """Read the head."""
    with reading(company.settings["DUCKDB_FILE"]) as connection:
        [row] = connection.sql("SELECT * FROM etl_head").to_arrow_table().to_pylist()
    return Head.of(row)


def undo(company: Company, *options: str) -> None:
    """Go back."""
    done = etl("undo", company.env, *options)
    assert done.returncode == 0, done.stderr


def come_late(sql: Sql) -> tuple[int, str]:
    """Let a ware come with a time of long ago; returns it."""
    insert = "INSERT INTO ware (kind, updated_at) VALUES ('late', now() - interval '30 days') RETURNING id, kind"
    number, kind = sql(insert)[0]
    return int(number), str(kind)


def test_the_head_tells_all_that_a_night_stands_on(company: Company, sql: Sql) -> None:
    """Which run published, what it was made of, which one was before, and how far each query was read."""
    first, second = company.store.loaded.kept()[-2:]
    found, table = head(company), company.table("wares")
    assert (found.run, found.standing.parent) == (second.run, first.run)
    assert (found.standing.star, found.standing.raw) == (second.made_from, table.run)
    assert found.standing.watermarks == {"wares": table.watermark}
    assert second.standing == found.standing
    undo(company)
    back = head(company)
    assert (back.standing.parent, back.standing.star) == (second.run, first.made_from)
    assert back.standing.watermarks == first.standing.watermarks
    night(company, sql)
    assert since(company) == first.standing.watermarks["wares"].since


def test_a_restored_data_folder_knows_how_far_was_read(company: Company, sql: Sql) -> None:
    """But its rows are gone: all are read, which is said."""
    before = head(company)
    shutil.rmtree(company.data)
    done = etl("restore", company.env)
    assert done.returncode == 0, done.stderr
    assert f"wares up to {before.standing.watermarks['wares'].greatest}" in done.stdout
    assert company.store.loaded.newest("").standing == before.standing
    said = night(company, sql)
    assert f"all rows are read: the run {before.standing.raw} is not here any more" in said
    night(company, sql)
    assert since(company)


def test_a_warehouse_that_was_restored_from_a_copy_is_stood_upon(company: Company, sql: Sql) -> None:
    """It says another run than the data folder knows to be the last: what was read up to then counts."""
    file, before = Path(company.settings["DUCKDB_FILE"]), head(company).standing.watermarks["wares"].since
    shutil.copy(file, company.folder / "copy")
    sql("UPDATE ware SET kind = 'new', updated_at = now() WHERE id = 7")
    night(company, sql)
    shutil.copy(company.folder / "copy", file)
    assert (7, "new") not in wares(company)
    night(company, sql)
    assert since(company) == before


def test_of_two_copies_of_a_data_folder_none_stands_on_what_the_other_published(company: Company, sql: Sql) -> None:
    """All rows are read, and it is said: rows may have been read there that this folder does not hold."""
    copy = company.folder / "of the other machine"
    shutil.copytree(company.data, copy)
    come_late(sql)
    night(company, sql, "--full")
    other = head(company).standing.raw
    shutil.rmtree(company.data)
    copy.rename(company.data)
    assert f"all rows are read: the run {other} is not here any more" in night(company, sql)


@pytest.mark.parametrize("is_undone", [False, True])
def test_what_a_killed_night_published_is_stood_upon(company: Company, sql: Sql, is_undone: bool) -> None:
    """It has left no receipt; the head tells of its star and its extraction, and so it can be undone, too."""
    late = come_late(sql)
    for ended in (extract(company, "--since", "2000-01-01"), build(company)):
        assert ended.code == 0, ended.err
    with mock.patch.object(Runs, "commit", side_effect=KeyboardInterrupt):
        assert publish(company).code != 0
    before = head(company)
    assert before.run not in company.store.loaded.committed()
    assert late in wares(company)
    if is_undone:
        undo(company)
        assert late not in wares(company)
    night(company, sql)
    assert since(company) == (before.standing.watermarks["wares"].since if not is_undone else DAWN)


DAWN = "1999-12-31 23:00:00+00:00"
"""When 2000-01-01 begins in Madrid."""


@pytest.mark.parametrize("options", [("--since", "2000-01-01"), ("--full",)])
@pytest.mark.parametrize("is_undone", [True, False])
def test_what_a_night_had_read_that_is_not_published_is_read_again(
    company: Company, sql: Sql, options: tuple[str, ...], is_undone: bool
) -> None:
    """Rows with an old watermark, for which it was asked: the next night would not ask for them by itself."""
    late = come_late(sql)
    assert extract(company, *options).code == 0
    if is_undone:
        for ended in (build(company), publish(company)):
            assert ended.code == 0, ended.err
        undo(company)
    assert late not in wares(company)
    run, said = company.store.raw.committed()[-1], night(company, sql)
    assert (f"all rows are read: run {run} had read them, and it is not what is published" in said) == (
        options == ("--full",)
    )
    assert since(company) == (None if options == ("--full",) else DAWN)
    night(company, sql)
    assert str(since(company)) > DAWN


def test_where_nothing_is_published_or_its_rows_are_gone_all_are_read(company: Company, sql: Sql) -> None:
    """Somebody dropped the dataset, or removed the extraction: it is said."""
    Path(company.settings["DUCKDB_FILE"]).unlink()
    assert "all rows are read: nothing is published" in night(company, sql)
    raw = head(company).standing.raw
    shutil.rmtree(company.store.raw.path(raw))
    assert f"all rows are read: the run {raw} is not here any more" in night(company, sql)


def test_without_the_warehouse_the_copy_has_to_do(company: Company, sql: Sql) -> None:
    """The night reads what changed since what was published from here last, and says so."""
    before, there = head(company), Path(company.settings["DUCKDB_FILE"])
    kept = there.rename(there.with_name("kept"))
    there.write_text("no database")
    ended = extract(company)
    kept.replace(there)
    assert ended.code == 0, ended.err
    assert "the warehouse does not say what is published" in ended.err
    assert since(company) == before.standing.watermarks["wares"].since
    night(company, sql)


def test_status_tells_of_drift(company: Company, sql: Sql) -> None:
    """What a night of all rows found that the nights of changes had missed, until the next one."""
    sql("UPDATE ware SET kind = 'unseen' WHERE id IN (8, 9)")
    night(company, sql, "--full")
    run = head(company).standing.raw
    night(company, sql)
    told = etl("status", company.env).stdout
    assert f"Drift: run {run} read all rows, of which" in told
    assert "had missed, of wares, 2 changed (such as id 8; id 9). They are right now" in told
    assert "whatever writes them does not set updated_at" in told
    night(company, sql, "--full")
    assert f"Drift: none; run {head(company).standing.raw} read all rows" in etl("status", company.env).stdout
    drift = json.loads(etl("status", company.env, "--json").stdout)["drift"]
    assert drift["missed"]["wares"]["changed"] == 0


def test_a_night_of_few_changes_is_not_too_fast(company: Company, sql: Sql) -> None:
    """It takes as long as the changes are many; only nights of all rows are compared, with others of all rows."""
    for _ in range(3):
        night(company, sql, "--full")
    for runs in (company.store.raw, company.store.star):
        for run in runs.committed():
            path = runs.path(run) / "manifest.json"
            path.write_text(re.sub(r'"seconds": [\d.e-]+,\n "peak', '"seconds": 3000.0,\n "peak', path.read_text()))
    sql("UPDATE ware SET kind = 'seen', updated_at = now() WHERE id = 1")
    assert "by its changes: " in night(company, sql)
    refused = extract(company, "--full")
    assert refused.code == 3
    assert re.search(r"download:fast: it took \d s; the last [3-9] runs took 3000 s in the median", refused.err)
    night(company, sql)
