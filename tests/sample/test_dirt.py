"""Every sample of a thousand contracts holds every kind of dirt, so whoever tests against it meets them all."""

from __future__ import annotations

import pytest

BOTH = "clients.global_clients NATURAL FULL JOIN clients.digital_clients"

# What it is, the table, the condition that finds it.
DIRT = [
    ("a contract of nobody", "sales.contracts", "client_id IS NULL"),
    ("a client in neither catalogue", "sales.contracts",
     """client_id NOT IN (SELECT client_id FROM clients.global_clients
        UNION SELECT client_id FROM clients.digital_clients)"""),
    ("an unknown deployment", "sales.contracts", "(product_id, edition) = (99, 999)"),
    ("an unknown edition", "sales.contracts", "product_id < 99 AND edition = 999"),
    ("no product", "sales.contracts", "product_id IS NULL"),
    ("an unknown member", "sales.contracts", "team_member_id = 99999"),
    ("a code with blanks", "sales.contracts", "channel_code = ' web'"),
    ("a code with a trailing blank", "sales.contracts", "channel_code = 'WEB '"),
    ("a code in mixed case", "sales.contracts", "channel_code = 'Web'"),
    ("a retailer in mixed case", "sales.contracts", "channel_code = 'Retail'"),
    ("a code unknown to channels", "sales.contracts", "channel_code = 'FAX'"),
    ("no channel", "sales.contracts", "channel_code IS NULL"),
    ("an empty channel", "sales.contracts", "channel_code = ''"),
    ("no instances", "sales.contracts", "instances IS NULL"),
    ("zero instances", "sales.contracts", "instances = 0"),
    ("negative instances", "sales.contracts", "instances < 0"),
    ("a new contract without price", "sales.contracts", "unit_price IS NULL"),
    ("a price of nothing", "sales.contracts", "unit_price = 0"),
    ("no status", "sales.contracts", "status IS NULL"),
    ("an unknown status", "sales.contracts", "status = 7"),
    ("returned without a date", "sales.contracts", "status = 9 AND returned_at IS NULL"),
    ("a test", "sales.contracts", "order_kind = 34"),
    ("no kind", "sales.contracts", "order_kind IS NULL"),
    ("infinity", "sales.contracts", "contracted_at = 'infinity'"),
    ("the year 15000", "sales.contracts", "extract(year FROM contracted_at) = 15000"),
    ("no date", "sales.contracts", "contracted_at IS NULL"),
    ("changed long afterwards", "sales.contracts",
     "isfinite(contracted_at) AND updated_at > contracted_at + interval '90 days'"),
    ("another day in UTC", "sales.contracts", """isfinite(contracted_at) AND contracted_at < '2100-01-01'
        AND (contracted_at AT TIME ZONE 'UTC')::date <> (contracted_at AT TIME ZONE 'Europe/Madrid')::date"""),
    ("the hour that came twice", "sales.contracts", "contracted_at IN ('2025-10-26 00:30+00', '2025-10-26 01:30+00')"),
    ("the hour left out", "sales.contracts", "contracted_at IN ('2025-03-30 00:30+00', '2025-03-30 01:30+00')"),
    ("signed after the close", "sales.contracts JOIN catalogue.deployments USING (product_id, edition)",
     """contracted_at < '2100-01-01'
        AND (contracted_at AT TIME ZONE 'Europe/Madrid')::date > closes_on"""),
    ("returned after the close", "sales.contracts JOIN catalogue.deployments USING (product_id, edition)",
     "(returned_at AT TIME ZONE 'Europe/Madrid')::date > closes_on"),
    ("a legacy id that is also a new one", "legacy.orders", "order_no IN (SELECT contract_id FROM sales.contracts)"),
    ("a legacy order twice, alike", "(SELECT o::text FROM legacy.orders AS o GROUP BY 1 HAVING count(*) > 1) AS o",
     "true"),
    ("a legacy order twice, changed", "legacy.orders AS a JOIN legacy.orders AS b USING (order_no)",
     "a.state <> b.state AND a.touched_at < b.touched_at"),
    ("a legacy order without price", "legacy.orders", "price IS NULL"),
    ("no such day", "legacy.orders", "order_date = '31/02/2022'"),
    ("an empty date", "legacy.orders", "order_date = ''"),
    ("a word for a date", "legacy.orders", "order_date = 'n/a'"),
    ("a date the other way round", "legacy.orders", "order_date = '2022-03-01'"),
    ("no legacy date", "legacy.orders", "order_date IS NULL"),
    ("a date with blanks", "legacy.orders", "order_date <> trim(order_date)"),
    ("an impossible return", "legacy.orders",
     "return_date <> '' AND order_date <> '' AND state <> 9 OR return_date = ''"),
    ("an unknown letter", "legacy.orders", "origin_letter = 'F'"),
    ("a letter with blanks", "legacy.orders", "origin_letter = ' w '"),
    ("no letter", "legacy.orders", "origin_letter IS NULL"),
    ("an ambiguous hour", "legacy.orders", "touched_at = '2024-10-27 02:30'"),
    ("no touch", "legacy.orders", "touched_at IS NULL"),
    ("a legacy orphan", "legacy.orders", "product_no = 99 AND edition_no = 999"),
    ("a legacy order of nobody", "legacy.orders", "customer_no IS NULL"),
    ("a client twice in the global catalogue",
     "clients.global_clients AS a JOIN clients.global_clients AS b USING (client_id)",
     "a.registered_at < b.registered_at"),
    ("a client twice in the digital catalogue",
     "clients.digital_clients AS a JOIN clients.digital_clients AS b USING (client_id)",
     "a.signed_up_at < b.signed_up_at"),
    ("in both, named differently", "clients.global_clients AS g JOIN clients.digital_clients AS d USING (client_id)",
     "g.given_name <> d.given_name"),
    *((f"a client called {name}", BOTH, f"given_name = '{name}'")
      for name in ("NA", "null", "None", "nan")),
    *((f"text with {what}", BOTH, f"given_name LIKE {text}")
      for what, text in [("an emoji", "'%🚀%'"), ("quotes", "'%\"%'"), ("a line break", r"E'%\n%'"),
                         ("a comma", "'%,%'"),
                         ("markup", "'%<script>%'"), ("a backslash", r"'%\\%'"), ("stray blanks", "'  %'")]),
    ("an empty e-mail", BOTH, "email = ''"),
    ("no e-mail", BOTH, "email IS NULL"),
    ("an e-mail with blanks and capitals", BOTH, "email LIKE ' %@Ex%'"),
    ("an unknown type of movement", "usage.movements", "movement_type = 3"),
    ("no type of movement", "usage.movements", "movement_type IS NULL"),
    ("a movement at infinity", "usage.movements", "moved_at = 'infinity'"),
    ("a movement in the year 15000", "usage.movements", "extract(year FROM moved_at) = 15000"),
    ("a movement at no time", "usage.movements", "moved_at IS NULL"),
    ("a movement of an unknown deployment", "usage.movements", "(product_id, edition) = (99, 999)"),
    ("a movement of an unknown member", "usage.movements", "team_member_id = 99999"),
    ("a movement of nobody", "usage.movements", "team_member_id IS NULL"),
    ("self usage of nobody, repeated", """(SELECT FROM usage.self_usage AS s WHERE team_member_id IS NULL
        GROUP BY s HAVING count(*) > 1) AS s""", "true"),
    ("unmeasured visits", "web.daily_analytics", "visits IS NULL"),
    ("a day without a visit", "web.daily_analytics", "visits = 0"),
    ("a day reported again", "web.daily_analytics AS a JOIN web.daily_analytics AS b USING (product_id, edition, day)",
     "a.loaded_at < b.loaded_at AND a.visits < b.visits"),
    ("a missing day",
     """catalogue.deployments AS d, generate_series(opened_on, least(closes_on, '2026-03-30'), '1 day') AS day""",
     "(product_id, edition, day::date) NOT IN (SELECT product_id, edition, w.day FROM web.daily_analytics AS w)"),
    ("a move still to come", "people.office_changes", "changed_at > '2026-03-31'"),
    ("two moves at the same time",
     "people.office_changes AS a JOIN people.office_changes AS b USING (team_member_id, changed_at)",
     "a.office_id < b.office_id"),
    ("a role with a blank", "people.special_members", "role = ' Coordinator'"),
    ("a role of an unknown member", "people.special_members",
     "team_member_id NOT IN (SELECT team_member_id FROM people.team_members)"),
    ("a role listed twice",
     "(SELECT FROM people.special_members GROUP BY team_member_id, role HAVING count(*) > 1) AS s", "true"),
    ("an office without region", "people.offices", "region IS NULL"),
    ("a member without office", "people.team_members", "office_id IS NULL"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "condition"), [kind[1:] for kind in DIRT], ids=[kind[0] for kind in DIRT])
def test_there_is(ask, cloud: str, table: str, condition: str) -> None:
    """Rows that meet the condition exist."""
    assert ask(cloud, f"SELECT count(*) > 0 FROM {table} WHERE {condition}") == [(True,)]


def test_every_kind_is_in_a_company_that_looks_after_its_data_too(ask, larger: str) -> None:
    """A night's rules are met by rare dirt as well: only what is said to be in plain sight is rarer."""
    missing = [kind for kind, table, condition in DIRT
               if not ask(larger, f"SELECT count(*) > 0 FROM {table} WHERE {condition}")[0][0]]  # fmt: skip
    assert missing == []


def test_dirt_stays_rare_in_a_large_sample(ask, larger: str) -> None:
    """A large sample has about ten odd rows of a kind, not a share of them."""
    assert 1 <= ask(larger, "SELECT count(*) FROM sales.contracts WHERE contracted_at = 'infinity'")[0][0] <= 30
