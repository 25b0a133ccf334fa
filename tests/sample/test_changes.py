"""What a night's change of the sample company promises: whom it changes, and that it says so of each row."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any

import psycopg2
import pytest

from sample import changes, generate
from sample.__main__ import main
from sample.errors import SampleError
from tests.sample.conftest import TODAY, Ask

ROWS = 1_000
CLOCK = f"timestamptz '{TODAY} 02:00 Europe/Madrid'"

COLUMNS = {
    "catalogue.products": "product_id, name, category",
    "catalogue.deployments": "product_id, edition, name, opened_on, closes_on, unit_price",
    "people.offices": "office_id, name, region, opened_on",
    "people.team_members": "team_member_id, given_name, paternal_name, maternal_name, email, office_id, joined_on,"
    " left_on",
    "people.office_changes": "team_member_id, office_id, changed_at",
    "people.special_members": "team_member_id, role",
    "clients.global_clients": "client_id, given_name, paternal_name, maternal_name, email, country, registered_at",
    "clients.digital_clients": "client_id, given_name, paternal_name, maternal_name, email, country, signed_up_at",
    "sales.channels": "channel_code, name, is_digital",
    "sales.contracts": "contract_id, client_id, product_id, edition, team_member_id, channel_code, instances,"
    " unit_price, status, order_kind, contracted_at, returned_at",
    "legacy.orders": "order_no, customer_no, product_no, edition_no, seller_no, origin_letter, quantity, price, state,"
    " kind, order_date, return_date, touched_at",
    "usage.movements": "movement_id, usage_id, product_id, edition, team_member_id, movement_type, instances, moved_at",
    "usage.self_usage": "team_member_id, product_id, edition, used_on, instances",
    "web.daily_analytics": "product_id, edition, day, visits, sessions, sign_ups, orders, loaded_at",
}
"""Of every table all columns but updated_at."""

DEPLOYMENTS = "SELECT product_id, edition FROM {0}catalogue_deployments"
MEMBERS = "SELECT team_member_id FROM {0}people_team_members"
CLIENTS = "SELECT client_id FROM {0}clients_global_clients UNION SELECT client_id FROM {0}clients_digital_clients"
REFERENCES = [
    ("sales.contracts", "client_id", CLIENTS),
    ("sales.contracts", "product_id, edition", DEPLOYMENTS),
    ("sales.contracts", "team_member_id", MEMBERS),
    ("sales.contracts", "channel_code", "SELECT channel_code FROM {0}sales_channels"),
    ("legacy.orders", "customer_no", CLIENTS),
    ("legacy.orders", "product_no, edition_no", DEPLOYMENTS),
    ("legacy.orders", "seller_no", MEMBERS),
    ("usage.movements", "product_id, edition", DEPLOYMENTS),
    ("usage.movements", "team_member_id", MEMBERS),
    ("usage.self_usage", "product_id, edition", DEPLOYMENTS),
    ("usage.self_usage", "team_member_id", MEMBERS),
    ("web.daily_analytics", "product_id, edition", DEPLOYMENTS),
    ("people.office_changes", "team_member_id", MEMBERS),
    ("people.office_changes", "office_id", "SELECT office_id FROM {0}people_offices"),
    ("people.team_members", "office_id", "SELECT office_id FROM {0}people_offices"),
    ("people.special_members", "team_member_id", MEMBERS),
    ("catalogue.deployments", "product_id", "SELECT product_id FROM {0}catalogue_products"),
]
"""A table, what it refers by, and the keys that there are."""


def execute(url: str, statement: str) -> None:
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        connection.cursor().execute(statement)


@pytest.fixture(scope="module")
def copy(sample_server: str) -> Callable[[str], str]:
    """Give a copy of one filled sample under a name; its schema `kept` holds its tables as they were."""
    url = generate.fill(sample_server, contracts=65_000, seed=1, today=TODAY, dirt="much", database="unchanged")
    execute(url, "CREATE SCHEMA kept")
    for table in COLUMNS:
        execute(url, f"CREATE TABLE kept.{table.replace('.', '_')} AS TABLE {table}")

    def copied(name: str) -> str:
        execute(sample_server.replace("/cloud?", "/postgres?"), f"CREATE DATABASE {name} TEMPLATE unchanged")
        return url.replace("/unchanged?", f"/{name}?")

    return copied


@pytest.fixture(scope="module")
def changed(copy: Callable[[str], str]) -> tuple[str, changes.Changed]:
    """Give the URL of a changed sample, and what the change said of itself."""
    url = copy("changed")
    return url, changes.change(url, rows=ROWS, seed=5)


@pytest.fixture(scope="module")
def lately_changed(copy: Callable[[str], str]) -> tuple[str, changes.Changed]:
    """Give the same of a change within the newest two months."""
    url = copy("lately")
    return url, changes.change(url, rows=ROWS, seed=5, months=2)


def rows_of(ask: Ask, url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every table's rows but for updated_at, in order."""
    return {
        table: ask(url, f"SELECT r::text FROM (SELECT {columns} FROM {table}) AS r ORDER BY 1")
        for table, columns in COLUMNS.items()
    }


def new(table: str, columns: str = "*") -> str:
    """Select rows that are there since the change, as they are now."""
    return f"SELECT {columns} FROM {table} EXCEPT ALL SELECT {columns} FROM kept.{table.replace('.', '_')}"


def gone(table: str, columns: str = "*") -> str:
    """Select rows that were there before the change, as they were."""
    return f"SELECT {columns} FROM kept.{table.replace('.', '_')} EXCEPT ALL SELECT {columns} FROM {table}"


# ------------------------------------------------------------------------------------------------------ which rows
def test_as_many_rows_change_as_were_asked_for(changed: tuple[str, changes.Changed]) -> None:
    """Inserted, updated and deleted rows of all tables together."""
    assert sum(sum(kinds.values()) for kinds in changed[1].values()) == ROWS


@pytest.mark.parametrize("rows", [1, 10, 99])
def test_few_rows_change_too(copy: Callable[[str], str], rows: int) -> None:
    """Down to a single contract."""
    assert sum(sum(kinds.values()) for kinds in changes.change(copy(f"few_{rows}"), rows=rows).values()) == rows


def test_every_kind_of_change_occurs(changed: tuple[str, changes.Changed]) -> None:
    """New clients, late members, a corrected price, moved offices, deletes."""
    kinds = {(table, kind) for table, counts in changed[1].items() for kind, rows in counts.items() if rows}
    assert kinds >= {
        ("sales.contracts", "inserted"), ("sales.contracts", "updated"), ("sales.contracts", "deleted"),
        ("usage.movements", "inserted"), ("usage.movements", "updated"), ("clients.global_clients", "inserted"),
        ("clients.global_clients", "updated"), ("clients.digital_clients", "inserted"), ("legacy.orders", "updated"),
        ("people.team_members", "inserted"), ("people.office_changes", "inserted"),
        ("people.office_changes", "deleted"), ("people.offices", "updated"), ("catalogue.deployments", "updated"),
        ("usage.self_usage", "inserted"), ("usage.self_usage", "deleted"), ("clients.global_clients", "deleted"),
        ("usage.movements", "deleted"), ("web.daily_analytics", "inserted"), ("web.daily_analytics", "updated"),
    }  # fmt: skip


@pytest.mark.parametrize("table", COLUMNS)
def test_it_says_what_it_changed(ask: Ask, changed: tuple[str, changes.Changed], table: str) -> None:
    """The counts of each table are those that a comparison with the table as it was finds."""
    url, said = changed
    kinds = said.get(table, dict.fromkeys(changes.KINDS, 0))
    found = ask(url, f"SELECT (SELECT count(*) FROM ({new(table)}) AS n), (SELECT count(*) FROM ({gone(table)}) AS g)")
    assert found == [(kinds["inserted"] + kinds["updated"], kinds["deleted"] + kinds["updated"])]


@pytest.mark.parametrize("table", COLUMNS)
def test_updated_at_has_moved_for_exactly_the_rows_that_have_changed(
    ask: Ask, changed: tuple[str, changes.Changed], table: str
) -> None:
    """A new or changed row has the time of the change, every other the time that it had; no row has the time alone."""
    url, _ = changed
    (before,) = ask(url, f"SELECT coalesce(max(updated_at), '-infinity') <= {CLOCK} FROM ({gone(table)}) AS g")
    (after,) = ask(url, f"""SELECT coalesce(min(updated_at) > now() - interval '1 hour', true),
                                   count(DISTINCT updated_at) <= 1 FROM ({new(table)}) AS n""")  # fmt: skip
    assert (before, after) == ((True,), (True, True))
    told = COLUMNS[table]
    assert ask(url, f"""WITH n AS ({new(table)}), g AS ({gone(table)})
                        SELECT {told} FROM n INTERSECT ALL SELECT {told} FROM g""") == []  # fmt: skip


@pytest.mark.parametrize(("table", "key"), [("sales.contracts", "contract_id"), ("usage.movements", "movement_id")])
def test_nine_in_ten_have_the_newest_keys(ask: Ask, changed: tuple[str, changes.Changed], table: str, key: str) -> None:
    """90 % of what changes has the newest 2 % of the keys, the rest is of all history."""
    url, _ = changed
    ((share, is_old_too, keys),) = ask(url, f"""
        WITH keys AS (SELECT {key} FROM ({new(table)}) AS n UNION SELECT {key} FROM ({gone(table)}) AS g),
             newest AS (SELECT percentile_disc(0.98) WITHIN GROUP (ORDER BY {key}) AS border,
                               percentile_disc(0.5) WITHIN GROUP (ORDER BY {key}) AS middle FROM {table})
        SELECT avg(({key} > border)::int), min({key}) < min(middle), count(*) FROM keys, newest""")  # fmt: skip
    assert 0.87 <= share <= 0.93
    assert is_old_too
    assert keys >= 40


def test_newest_months_alone_change(ask: Ask, lately_changed: tuple[str, changes.Changed]) -> None:
    """With months, every contract that changes is within them, before and after; so is the time of a movement."""
    url, said = lately_changed
    assert sum(sum(kinds.values()) for kinds in said.values()) == ROWS
    since = f"{CLOCK} - interval '2 months'"
    for table, time in (("sales.contracts", "contracted_at"), ("usage.movements", "moved_at")):
        both = f"({new(table)}) UNION ALL ({gone(table)})"
        assert ask(url, f"SELECT bool_and({time} BETWEEN {since} AND {CLOCK}) FROM ({both}) AS c") == [(True,)]
    assert "legacy.orders" not in said
    assert ask(
        url,
        f"""SELECT count(*) FROM sales.contracts WHERE contracted_at < {since} AND client_id IN (
        SELECT client_id FROM clients.global_clients EXCEPT SELECT client_id FROM kept.clients_global_clients)""",
    ) == [(0,)]


# ---------------------------------------------------------------------------------------------------- references
@pytest.mark.parametrize(("table", "columns", "keys"), REFERENCES, ids=[f"{r[0]}({r[1]})" for r in REFERENCES])
def test_nothing_new_refers_to_nothing(
    ask: Ask, changed: tuple[str, changes.Changed], table: str, columns: str, keys: str
) -> None:
    """What is deleted is referred to by nobody, and what is inserted refers to what there is."""
    url, _ = changed
    now = keys
    for name in COLUMNS:
        now = now.replace("{0}" + name.replace(".", "_"), name)
    orphans = f"SELECT {columns} FROM {table} EXCEPT ({now})"
    before = f"SELECT {columns} FROM kept.{table.replace('.', '_')} EXCEPT ({keys.format('kept.')})"
    assert ask(url, f"({orphans}) EXCEPT ({before})") == []


@pytest.mark.parametrize(("table", "key"), [
    ("sales.contracts", "contract_id"), ("usage.movements", "movement_id"),
    ("usage.self_usage", "team_member_id, product_id, edition, used_on"),
    ("people.office_changes", "team_member_id, changed_at"),
])  # fmt: skip
def test_with_a_deleted_row_its_key_is_gone(
    ask: Ask, changed: tuple[str, changes.Changed], table: str, key: str
) -> None:
    """Who compares keys finds every delete: no row of the same key is left that has not changed as well."""
    url, said = changed
    assert said[table]["deleted"] > 0
    unchanged = f"SELECT {key} FROM {table} WHERE updated_at <= {CLOCK}"
    assert ask(url, f"SELECT {key} FROM ({gone(table)}) AS g INTERSECT {unchanged}") == []


def test_the_registration_that_counts_is_never_deleted(ask: Ask, changed: tuple[str, changes.Changed]) -> None:
    """Of a client's several ones the newest stays, as it was."""
    url, _ = changed
    assert ask(url, f"""
        WITH deleted AS ({gone("clients.global_clients")}),
             counts AS (SELECT DISTINCT ON (client_id) * FROM kept.clients_global_clients
                        ORDER BY client_id, registered_at DESC NULLS LAST, email, given_name)
        SELECT client_id, registered_at, given_name
        FROM counts JOIN deleted USING (client_id, registered_at, given_name, email)
        EXCEPT SELECT client_id, registered_at, given_name FROM clients.global_clients""") == []  # fmt: skip


def test_members_of_a_dimension_come_late(ask: Ask, changed: tuple[str, changes.Changed]) -> None:
    """A client and a team member are known now whom rows named long before."""
    url, _ = changed
    for fact, key, dimension in (("sales.contracts", "client_id", "clients.global_clients"),
                                 ("sales.contracts", "team_member_id", "people.team_members")):  # fmt: skip
        assert ask(
            url,
            f"""SELECT count(DISTINCT f.{key}) > 0 FROM kept.{fact.replace(".", "_")} AS f
                            JOIN ({new(dimension)}) AS d USING ({key})
                            WHERE {key} NOT IN (SELECT {key} FROM kept.{dimension.replace(".", "_")})""",
        ) == [(True,)]


def test_no_number_is_given_twice(ask: Ask, changed: tuple[str, changes.Changed]) -> None:
    """A new contract or movement has a number that none had before, not that of a deleted one."""
    url, _ = changed
    for table, key in (("sales.contracts", "contract_id"), ("usage.movements", "movement_id")):
        assert ask(
            url,
            f"""SELECT min({key}) > (SELECT max({key}) FROM kept.{table.replace(".", "_")})
                            FROM ({new(table)}) AS n
                            WHERE {key} NOT IN (SELECT {key} FROM kept.{table.replace(".", "_")})""",
        ) == [(True,)]


def test_nothing_happens_after_the_samples_clock(ask: Ask, changed: tuple[str, changes.Changed]) -> None:
    """No time of the business is later than before: only updated_at is the source's own."""
    url, _ = changed
    for table, time in (("sales.contracts", "greatest(contracted_at, returned_at)"), ("usage.movements", "moved_at"),
                        ("clients.global_clients", "registered_at"), ("web.daily_analytics", "loaded_at"),
                        ("people.office_changes", "changed_at")):  # fmt: skip
        assert ask(url, f"SELECT coalesce(max({time}) <= {CLOCK}, true) FROM ({new(table)}) AS n") == [(True,)], table


# --------------------------------------------------------------------------------------------------- determinism
def test_the_same_seed_changes_the_same_company_alike(ask: Ask, changed, copy: Callable[[str], str]) -> None:
    """Seed and state decide every value of every table but updated_at, also of a second night; another seed, others."""
    url, said = changed
    again, other = copy("again_changed"), copy("other_changed")
    assert changes.change(again, rows=ROWS, seed=5) == said
    assert rows_of(ask, again) == rows_of(ask, url)
    changes.change(other, rows=ROWS, seed=6)
    assert rows_of(ask, other)["sales.contracts"] != rows_of(ask, url)["sales.contracts"]

    second = copy("second_changed")
    changes.change(second, rows=ROWS, seed=5)
    assert changes.change(second, rows=ROWS, seed=5) == changes.change(again, rows=ROWS, seed=5)
    assert rows_of(ask, second) == rows_of(ask, again)


# ------------------------------------------------------------------------------------------------------- refusals
@pytest.mark.parametrize("arguments", [["--rows", "0"], ["--rows", "many"], ["--seed", "-1"], ["--months", "0"],
                                       ["--months", "99999"], ["now"]])  # fmt: skip
def test_bad_input_gets_a_sentence_and_an_advice(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, and nothing is started."""
    assert main(["change", *arguments]) == 2
    error, advice = capsys.readouterr().err.splitlines()
    assert error.startswith("Error: ")
    assert error.endswith(".")
    assert advice.startswith("Try: ")


def test_more_rows_than_the_newest_keys_are_refused(ask: Ask, copy: Callable[[str], str]) -> None:
    """The advice names a size that is large enough; nothing has changed."""
    url = copy("refused")
    with pytest.raises(SampleError, match="10,000 rows are more than the newest 2 % of the sample's") as refused:
        changes.change(url, rows=10_000)
    assert refused.value.advice.endswith("python -m sample --contracts 666666")
    assert ask(url, new("sales.contracts")) == []


def test_a_sample_of_another_version_is_refused(copy: Callable[[str], str]) -> None:
    """Filled before this version of the project, it has no updated_at: the advice is to fill it again."""
    url = copy("older")
    execute(url, "UPDATE sample_info SET generator_version = 2")
    with pytest.raises(SampleError, match="filled by another version"):
        changes.change(url, rows=100)
