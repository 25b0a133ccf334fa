"""What the sample company promises: the same rows for the same seed, and the shapes of a business."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from config.paths import ROOT
from etl.company.queries import Query, read_queries
from etl.company.sql import with_binds
from etl.download.changes import changed_since
from sample import generate
from sample.errors import SampleError

TODAY = dt.date(2026, 3, 31)
QUERIES = read_queries(ROOT / "queries", {"cloud": "postgres"})

TABLES = """SELECT table_schema || '.' || table_name FROM information_schema.tables
            WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1"""


def fingerprint(ask, url: str) -> dict[str, str]:
    """A hash over the sorted rows of every table."""
    hashed = "SELECT md5(string_agg(r::text, E'\\n' ORDER BY r::text)) FROM {} AS r"
    return {table: ask(url, hashed.format(table))[0][0] for (table,) in ask(url, TABLES)}


# ------------------------------------------------------------------------------------------------------- determinism
def test_the_same_seed_gives_the_same_rows(ask, sample_server: str, cloud: str) -> None:
    """Contracts, seed and last day decide every value of every table."""
    again = generate.fill(sample_server, contracts=1_000, seed=1, today=TODAY, dirt="much", database="again")
    assert fingerprint(ask, again) == fingerprint(ask, cloud)


def test_another_seed_gives_another_company(ask, sample_server: str, cloud: str) -> None:
    """Every table that is drawn by lot differs."""
    other = fingerprint(
        ask, generate.fill(sample_server, contracts=1_000, seed=2, today=TODAY, dirt="much", database="other")
    )
    fixed = {"catalogue.products", "people.offices", "sales.channels"}
    alike = {table for table, value in fingerprint(ask, cloud).items() if other[table] == value}
    assert alike <= fixed | {"people.special_members"}


def test_the_rows_stay_the_same_from_version_to_version(ask, cloud: str) -> None:
    """A change of these rows needs a new generator version (generate.VERSION)."""
    rows = fingerprint(ask, cloud)
    assert (generate.VERSION, rows["sales.contracts"][:8], rows["usage.movements"][:8]) == (3, "c818842a", "ea50ce91")


def test_the_sample_says_what_it_was_filled_with(cloud: str, sample_server: str) -> None:
    """public.sample_info holds the parameters; a database that is not there has none."""
    expected = {"contracts": 1_000, "seed": 1, "today": TODAY, "dirt": "much", "generator_version": generate.VERSION}
    assert generate.info(cloud) == expected
    assert generate.info(cloud.replace("/cloud?", "/nothing?")) is None


@pytest.mark.parametrize("contracts", [1, 2, 40, 1_000])
def test_any_size_has_exactly_the_contracts_asked_for(ask, sample_server: str, contracts: int) -> None:
    """New contracts and distinct legacy orders together are as many as were asked for."""
    url = generate.fill(sample_server, contracts=contracts, seed=3, today=TODAY, database="sized")
    new, old = ask(url, """SELECT (SELECT count(*) FROM sales.contracts),
                                  (SELECT count(DISTINCT order_no) FROM legacy.orders)""")[0]  # fmt: skip
    assert new + old == contracts


@pytest.mark.parametrize(("contracts", "seed", "today"),
                         [(0, 1, TODAY), (10**9, 1, TODAY), (5, -1, TODAY), (5, 1, dt.date(1, 1, 1))])  # fmt: skip
def test_impossible_parameters_are_refused(sample_server: str, contracts: int, seed: int, today: dt.date) -> None:
    """A number out of range is a sentence, and nothing is touched."""
    with pytest.raises(SampleError):
        generate.fill(sample_server, contracts=contracts, seed=seed, today=today, database="never")
    assert generate.info(sample_server.replace("/cloud?", "/never?")) is None


# ------------------------------------------------------------------------------------------------------------ shapes
def test_every_product_has_one_open_edition(ask, cloud: str) -> None:
    """Editions are numbered without gaps, follow each other, and one of each product is open on the last day."""
    rows = ask(cloud, f"""
        SELECT product_id, max(edition) = count(*), bool_and(before IS NULL OR before < opened_on),
               count(*) FILTER (WHERE closes_on > '{TODAY}' OR closes_on IS NULL)
        FROM (SELECT *, lag(closes_on) OVER (PARTITION BY product_id ORDER BY edition) AS before
              FROM catalogue.deployments) AS d GROUP BY product_id""")  # fmt: skip
    assert [row[1:] for row in rows] == [(True, True, 1)] * 6
    assert ask(cloud, "SELECT count(*) FROM catalogue.deployments WHERE closes_on IS NULL") == [(1,)]


def test_sales_rush_towards_the_close(ask, larger: str) -> None:
    """The last third of an edition's time brings more than twice the contracts of the first."""
    first, last = ask(larger, """
        SELECT count(*) FILTER (WHERE part < 1 / 3.0), count(*) FILTER (WHERE part > 2 / 3.0)
        FROM (SELECT (contracted_at::date - opened_on) / (closes_on - opened_on)::float AS part
              FROM sales.contracts JOIN catalogue.deployments USING (product_id, edition)
              WHERE closes_on < '2026-03-01' AND contracted_at < '2100-01-01') AS c""")[0]  # fmt: skip
    assert last > 2 * first


def test_few_clients_are_large(ask, larger: str) -> None:
    """The largest tenth of the clients has more than 40 % of the contracts."""
    assert ask(larger, """
        SELECT sum(n) FILTER (WHERE place <= 0.1) > 0.4 * sum(n)
        FROM (SELECT count(*) AS n, percent_rank() OVER (ORDER BY count(*) DESC) AS place
              FROM sales.contracts GROUP BY client_id) AS c""") == [(True,)]  # fmt: skip


def test_a_company_that_looks_after_its_data_looks_like_one(ask, larger: str) -> None:
    """Nine in ten texts are as they should be; the clients who buy most have the names of people."""
    assert ask(larger, """
        SELECT count(*) FILTER (WHERE country IN ('ES', 'PT', 'FR', 'MX')) > 0.9 * count(*),
               count(*) FILTER (WHERE email ~ '^[a-z0-9]+@example') > 0.9 * count(*)
        FROM clients.global_clients""") == [(True, True)]  # fmt: skip
    assert ask(larger, """
        SELECT count(*) FROM clients.global_clients
        WHERE client_id <= 20 AND given_name !~ '^[[:upper:]][[:lower:]]+$'""") == [(0,)]  # fmt: skip
    assert ask(larger, """
        SELECT count(*) FILTER (WHERE region IN ('North', 'South', 'Centre', 'Portugal', 'Islands')) FROM people.offices
    """) == [(20,)]  # fmt: skip


def test_products_regions_and_channels_do_not_all_grow_alike(ask, larger: str) -> None:
    """GPU Burst grows, Managed Databases does not; the web's share of the contracts rises."""
    found = ask(larger, """
        SELECT product_id, count(*) FILTER (WHERE late)::float / count(*) FILTER (WHERE NOT late)
        FROM (SELECT product_id, contracted_at > '2025-03-31' AS late FROM sales.contracts
              WHERE contracted_at BETWEEN '2024-03-31' AND '2026-03-31' AND product_id IN (3, 4)) AS c
        GROUP BY 1 ORDER BY 1""")  # fmt: skip
    assert found[0][1] < 1.1 < found[1][1]
    early, late = (ask(larger, f"""
        SELECT avg((channel_code = 'WEB')::int) FROM sales.contracts
        WHERE extract(year FROM contracted_at) = {year}""")[0][0] for year in (2023, 2026))  # fmt: skip
    assert float(late - early) > 0.05


def test_one_contract_weighs_a_quarter_of_all_others(ask, larger: str) -> None:
    """The open edition of product 4 has one that a dashboard should tell of."""
    assert ask(larger, """
        SELECT max(instances) > 0.19 * sum(instances) FROM sales.contracts AS c
        WHERE product_id = 4 AND status IN (2, 6) AND edition = (
            SELECT max(edition) FROM catalogue.deployments WHERE product_id = 4)""") == [(True,)]  # fmt: skip


def test_the_oldest_fifth_is_legacy_and_there_is_a_movement_to_two_contracts(ask, larger: str) -> None:
    """The proportions of the tables."""
    old, moved = ask(larger, """SELECT (SELECT count(DISTINCT order_no) FROM legacy.orders),
                                       (SELECT count(*) FROM usage.movements)""")[0]  # fmt: skip
    assert 7_800 < old < 8_200
    assert 19_000 < moved < 21_000


@pytest.mark.parametrize("shape", ["1, 2, 1", "2, 1", "1, 1", "1, 2, 1, 2, 1"])
def test_movements_come_in_every_order(ask, cloud: str, shape: str) -> None:
    """A block handed out after its return (a reallocation), returned first, handed out twice."""
    assert ask(cloud, f"""
        SELECT count(*) > 0 FROM (
            SELECT string_agg(movement_type::text, ', ' ORDER BY moved_at, movement_id) AS shape
            FROM usage.movements GROUP BY usage_id, product_id, edition) AS chain
        WHERE shape LIKE '{shape}%'""") == [(True,)]  # fmt: skip


def test_movements_at_the_same_time_and_blocks_in_two_deployments(ask, cloud: str) -> None:
    """The movement's id must break ties, and the usage id alone is no key."""
    ties = "SELECT FROM usage.movements GROUP BY usage_id, product_id, edition, moved_at HAVING count(*) > 1"
    both = "SELECT FROM usage.movements GROUP BY usage_id HAVING count(DISTINCT (product_id, edition)) > 1"
    assert ask(cloud, f"SELECT EXISTS ({ties}), EXISTS ({both})") == [(True, True)]


@pytest.mark.parametrize("condition", ["gap IS NULL", "gap = 1", "gap BETWEEN 2 AND 10", "gap > 10"])
def test_members_come_back_after(ask, cloud: str, condition: str) -> None:
    """New, Retained, Reactivated, and New again after more than ten editions: all occur."""
    assert ask(cloud, f"""
        SELECT count(*) > 0 FROM (
            SELECT edition - lag(edition) OVER (PARTITION BY team_member_id, product_id ORDER BY edition) AS gap
            FROM (SELECT DISTINCT team_member_id, product_id, edition FROM sales.contracts
                  WHERE status IN (2, 6) AND edition < 999 AND team_member_id < 99999) AS sold) AS s
        WHERE {condition}""") == [(True,)]  # fmt: skip


def test_some_members_are_given_blocks_and_sell_nothing(ask, larger: str) -> None:
    """Returned everything: allocations in a deployment, and no contract in it."""
    assert ask(larger, """
        SELECT count(*) > 100 FROM (
            SELECT team_member_id, product_id, edition FROM usage.movements WHERE movement_type = 1
            EXCEPT SELECT team_member_id, product_id, edition FROM sales.contracts) AS m""") == [(True,)]  # fmt: skip


def test_nothing_happens_after_the_last_day(ask, cloud: str) -> None:
    """Nothing is later than two o'clock at night of the last day, but for the impossible dates."""
    assert ask(cloud, f"""
        SELECT count(*) FROM sales.contracts
        WHERE greatest(returned_at, updated_at, CASE WHEN contracted_at < '2100-01-01' THEN contracted_at END)
              > '{TODAY} 02:00'""") == [(0,)]  # fmt: skip


def test_every_row_says_when_it_was_last_written(ask, cloud: str) -> None:
    """updated_at: in every table of the source, never NULL, never after the sample's clock."""
    tables = [table for (table,) in ask(cloud, TABLES) if table != "public.sample_info"]
    assert len(tables) == 14
    for table in tables:
        assert ask(cloud, f"SELECT max(updated_at) <= '{TODAY} 02:00 Europe/Madrid' FROM {table}") == [(True,)], table
    assert ask(cloud, """SELECT DISTINCT is_nullable, data_type FROM information_schema.columns
                         WHERE column_name = 'updated_at'""") == [("NO", "timestamp with time zone")]  # fmt: skip


@pytest.mark.parametrize("table", ["sales.contracts", "legacy.orders", "usage.movements", "clients.global_clients",
                                   "clients.digital_clients"])  # fmt: skip
def test_what_has_changed_in_a_table_that_grows_is_found_by_its_index(ask, larger: str, table: str) -> None:
    """A query for the rows written since last night does not read the whole table."""
    plan = ask(larger, f"EXPLAIN SELECT * FROM {table} WHERE updated_at >= '{TODAY}'")
    assert "_by_change" in str(plan)
    assert "Seq Scan" not in str(plan)


@pytest.mark.parametrize(
    "query", [query for query in QUERIES.values() if query.watermark], ids=lambda query: query.name
)
def test_a_query_for_its_changes_reads_no_table_whole_that_has_an_index(ask, larger: str, query: Query) -> None:
    """What a night asks of the source, by the plan of its own server: what changed, its keys and its groups."""
    asked = changed_since(query, f"{TODAY} 00:00:00+00:00").sql
    bound = with_binds(asked, lambda _: "'Europe/Madrid'", dialect=query.dialect)
    indexed = ask(larger, "SELECT DISTINCT tablename FROM pg_indexes WHERE indexname LIKE '%_by_change'")
    scanned = set(re.findall(r"Seq Scan on (\w+)", str(ask(larger, f"EXPLAIN {bound}"))))
    assert {(name,) for name in scanned}.isdisjoint(indexed)


def test_a_sorted_read_of_the_movements_has_its_index(ask, cloud: str) -> None:
    """ORDER BY usage id, deployment, time, id is served by an index."""
    order = "(usage_id, product_id, edition, moved_at, movement_id)"
    assert ask(cloud, f"SELECT count(*) FROM pg_indexes WHERE indexdef LIKE '%{order}'") == [(1,)]
