"""What BigQuery is sent to publish a table by its changes: Google's own SQL, and little of the table read."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from etl.contract.table import Contract
from etl.load.bigquery.publish import check_length, script_of
from etl.load.etl_runs import ETL_RUNS
from etl.load.head import ETL_HEAD
from etl.load.warehouse import Handover
from tests.load.changed_nights import FIRST, SECOND, THIRD, Nights, mistaken
from tests.load.changes import by_changes
from tests.load.contracts import PLANET
from tests.load.googlesql import GoogleSql, compiled_in
from tests.load.nights import PROJECT, RUN, bigquery_settings, night
from tests.load.proxy import Listening, running_proxy
from tests.load.test_publish_by_changes import AFTER, BEFORE, BILL, CALL, FACTS, STAY, row

DATASET = f"{PROJECT}.star"
LATER = {key: (key + 1, key, key + 1) for key in range(3, 9)}


@pytest.fixture(scope="module", autouse=True)
def _compiled(pytestconfig: pytest.Config) -> Iterator[None]:
    assert pytestconfig.cache is not None
    with compiled_in(pytestconfig.cache.mkdir("googlesql")):
        yield


def google(handovers: list[Handover]) -> GoogleSql:
    """Declare every table, published and staged."""
    contracts = [*(handover.contract for handover in handovers), ETL_RUNS, ETL_HEAD]
    tables = {f"{DATASET}.{contract.name}": contract.schema for contract in contracts}
    parts = [(handover.contract, part) for handover in handovers for part in handover.staged]
    staged = {
        f"{DATASET}_staging.{c.name}__{part.star_run}{f'__{part.part}' if part.part else ''}": c.schema
        for c, part in parts
    }
    return GoogleSql(tables | staged)


def handed_over(contract: Contract, folder: Path) -> Handover:
    """Hand some changes over."""
    before = [row(contract, key, (key, key, key)) for key in range(6)]
    after = [*before[:2], *(row(contract, key, values) for key, values in LATER.items())]
    return by_changes(contract, before, after, folder)


def test_every_statement_is_googles_sql(tmp_path: Path) -> None:
    """Days and instants, with a month and without one; tables without partitions, without changes, and whole ones."""
    handovers = [handed_over(contract, tmp_path / contract.name) for contract in FACTS]
    for each in ([*handovers, *night(tmp_path, 2, [PLANET])], [by_changes(STAY, BEFORE, BEFORE, tmp_path / "same")]):
        script = script_of(DATASET, RUN, each)
        assert google(each).analyze(script) > 5
        check_length(DATASET, RUN, each)
        assert script.count("BEGIN TRANSACTION") == script.count("COMMIT") == 1


def test_months_are_literals(tmp_path: Path) -> None:
    """Those that follow upon each other are one range: a subquery, or a join, would read every partition."""
    [deleted] = re.findall("DELETE FROM .*fact_stay` AS _old.*", script_of(DATASET, RUN, [stays(tmp_path)]))
    assert (
        "WHERE ((_old.`day` >= DATE '2031-01-01' AND _old.`day` < DATE '2031-02-01')"
        " OR (_old.`day` >= DATE '2031-07-01' AND _old.`day` < DATE '2031-08-01') OR _old.`day` IS NULL) AND EXISTS"
    ) in deleted
    calls = script_of(DATASET, RUN, [handed_over(CALL, tmp_path)])
    assert "TIMESTAMP '2031-12-01 00:00:00+00' AND _old.`called_at` < TIMESTAMP '2032-02-01 00:00:00+00'" in calls
    assert "(_old.`called_at` >= TIMESTAMP '9999-12-01 00:00:00+00') OR _old.`called_at` IS NULL" in calls
    assert "fact_bill` AS _old WHERE EXISTS" in script_of(DATASET, RUN, [handed_over(BILL, tmp_path)])


def stays(folder: Path) -> Handover:
    """Hand the changes of stays over: in January, in July, and without a day."""
    return by_changes(STAY, BEFORE, AFTER, folder)


def test_only_the_months_that_changed_are_read(tmp_path: Path) -> None:
    """Of all rows nothing but their number, for which BigQuery reads no column.

    What lies in the months that changed is read twice: key and day to find the rows that go, all for the receipt. Of
    ten years of which a month changed that is a sixtieth of what publishing the whole table reads.
    """
    handover = stays(tmp_path)
    script = script_of(DATASET, RUN, [handover])
    statements = [part for part in re.split(r";\n", script) if "SELECT" in part]
    analyzer = google([handover])
    months = 0
    for statement in statements:
        text = re.sub(r"^SET differences = \((.*)\)$", r"\1", statement, flags=re.DOTALL)
        for table, columns in analyzer.columns_read(text)[0].items():
            if table == f"{DATASET}.fact_stay" and columns:
                assert re.search(r"`day` >= DATE '2031-01-01'", text)
                months += len(columns)
            elif table == f"{DATASET}.fact_stay":
                assert "COUNT(*)" in text
    assert months == len({"guest_id", "planet_key", "class_", "day"}) + len(STAY.schema)
    whole = 2 * len(STAY.schema)  # staged rows to publish them, published ones for the receipt
    assert months / 120 < whole / 60


def test_a_table_that_stays_as_it_is_is_not_read(tmp_path: Path) -> None:
    """Its rows are counted, and the record is written."""
    same = by_changes(STAY, BEFORE, BEFORE, tmp_path)
    read = google([same]).columns_read(script_of(DATASET, RUN, [same]))
    assert [columns[f"{DATASET}.fact_stay"] for columns in read if f"{DATASET}.fact_stay" in columns] == [set()]


@pytest.fixture
def listening(emulator: str) -> Iterator[Listening]:
    """A proxy that notes the statements."""
    with running_proxy(emulator, Listening) as proxy:
        yield proxy


def test_nights_are_published_by_their_changes(listening: Listening, tmp_path: Path) -> None:
    """The script says so in the log and in the bill; a table that does not fit is published whole in the same load."""
    nights = Nights(tmp_path, bigquery_settings(listening.url, tmp_path))
    nights.build(FIRST)
    nights.load()
    nights.build(SECOND)
    said = nights.load()
    assert "load fact_sale: 3 rows out, 3 in, of 20" in said
    assert re.search(r"BigQuery billed .*\(publishing", said)
    assert nights.published() == SECOND
    [published] = [each for each in listening.statements if "DELETE FROM" in each and "fact_sale` AS _old" in each]
    assert "TRUNCATE TABLE `a-project" in published  # the dimension
    nights.write(mistaken(nights.build(THIRD)))
    said = nights.load()
    assert "so it is published whole: the hash over the rows" in said
    assert nights.published() == THIRD
    assert nights.ask("SELECT row_count FROM etl_runs WHERE table_name = 'fact_sale' ORDER BY run_id") == [
        *((20,), (20,), (19,))
    ]
