"""What a person gave a table of BigQuery, it has again when it was made anew: who may read it, keys, labels, tags."""

from datetime import date
from pathlib import Path

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud.bigquery import Client, Table
from google.cloud.bigquery.table import ColumnReference, ForeignKey, TableConstraints, TableReference

from etl.contract import Date, Fact, Integer, Text, attribute, natural_key
from etl.contract.table import Contract
from etl.core.errors import WarehouseError
from etl.core.head import Head
from etl.load.bigquery import anew, schema
from etl.load.bigquery.anew import Anew, Protection
from etl.load.head import ETL_HEAD
from etl.load.open import open_warehouse
from etl.load.shape import compare
from tests.load.contracts import PLANET, planets
from tests.load.googlesql import GoogleSql, compiled_in
from tests.load.nights import NEXT_RUN, ORIGIN, PROJECT, RUN, all_of, bigquery_settings, hand_over, load
from tests.load.proxy import Proxy, answered, refusal

TAG = "projects/p/locations/eu/taxonomies/1/policyTags/2"


class Before(Fact):
    """One row per guest."""

    guest_id: Integer = natural_key("The guest's number.")
    planet_id: Integer = attribute("The planet's number.", nullable=True)
    name: Text = attribute("The name.", nullable=True, pii=True)


class After(Fact):
    """One row per guest."""

    guest_id: Integer = natural_key("The guest's number.")
    planet_id: Integer = attribute("The planet's number.", nullable=True)
    name: Text = attribute("The name.", pii=True)


BEFORE, AFTER = Contract.of("fact_guest", Before), Contract.of("fact_guest", After)
GUESTS = [{"guest_id": n, "planet_id": n, "name": f"Guest {n}"} for n in (1, 2)]


def test_all_that_a_table_had_it_has_again(emulator: str, tmp_path: Path) -> None:
    """Policy tag, row access policy, a person's label, name and foreign key; the old rows are kept for a week."""
    settings = bigquery_settings(emulator, tmp_path, bigquery_policy_tag=TAG)
    with open_warehouse(settings) as warehouse, _client(emulator) as client:
        name = f"{PROJECT}.{settings.bigquery_dataset}.fact_guest"
        load(warehouse, RUN, [hand_over(PLANET, planets(2), tmp_path), hand_over(BEFORE, GUESTS, tmp_path)])
        assert _tags(client, name) == {"name": TAG}
        client.query_and_wait(
            f"CREATE ROW ACCESS POLICY `all_of_it` ON `{name}` GRANT TO ('user:a@b.c') FILTER USING (TRUE)"
        )
        table = client.get_table(name)
        table.labels, table.friendly_name = table.labels | {"owner": "sales"}, "Guests"
        client.query_and_wait(
            f"CREATE TABLE {settings.bigquery_dataset}.suns (id INT64, PRIMARY KEY (id) NOT ENFORCED)"
        )
        sun = TableReference.from_string(f"{PROJECT}.{settings.bigquery_dataset}.suns")
        key = ForeignKey("mine", sun, [ColumnReference("planet_id", "id")])
        table.table_constraints = TableConstraints(table.table_constraints.primary_key, [key])
        client.update_table(table, ["labels", "friendly_name", "table_constraints"])

        handover, before = hand_over(AFTER, GUESTS, tmp_path), warehouse.head()
        warehouse.ensure([PLANET, AFTER], ["fact_guest"])
        warehouse.stage(NEXT_RUN, handover)
        text = warehouse.refill_sql([handover], [PLANET, AFTER], before)
        assert "'' AS `name`" in text  # not before the tag is on it
        kept = warehouse.refill(NEXT_RUN, [handover], [PLANET, AFTER], before)

        after = client.get_table(name)
        assert (_tags(client, name), after.labels, after.friendly_name) == ({"name": TAG}, table.labels, "Guests")
        assert [key.name for key in schema.foreign_keys(after)] == ["mine"]
        assert [field.mode for field in after.schema] == ["REQUIRED", "NULLABLE", "REQUIRED"]
        assert client.get_table(kept["fact_guest"]).expires is not None
        policies = client._call_api(None, method="GET", path=f"{after.path}/rowAccessPolicies")["rowAccessPolicies"]
        assert [(each["filterPredicate"], each["grantees"]) for each in policies] == [("TRUE", ["user:a@b.c"])]
        client.query_and_wait(f"DROP ALL ROW ACCESS POLICIES ON `{name}`")  # which do not let this account read
        assert all_of(warehouse, AFTER) == [guest | {"name": ""} for guest in GUESTS]
        warehouse.publish([handover], before, Head(NEXT_RUN, ORIGIN))
        assert all_of(warehouse, AFTER) == GUESTS


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (refusal(r"getIamPolicy", 403, "accessDenied", "no"), "This account may not see who may read fact_guest"),
        (
            answered(
                r"getIamPolicy", {"bindings": [{"role": "r", "members": ["user:a"], "condition": {"title": "x"}}]}
            ),
            "fact_guest is granted to somebody under a condition",
        ),
    ],
    ids=["not to be seen", "a condition"],
)
def test_what_could_not_be_given_again_is_refused(proxy: Proxy, tmp_path: Path, rule: object, said: str) -> None:
    """Before anything is touched."""
    with open_warehouse(bigquery_settings(proxy.url, tmp_path)) as warehouse:
        load(warehouse, RUN, [hand_over(BEFORE, GUESTS, tmp_path)])
        handover = hand_over(AFTER, GUESTS, tmp_path)
        proxy.rules.append(rule)  # type: ignore[arg-type]
        with pytest.raises(WarehouseError, match=said):
            warehouse.refill(NEXT_RUN, [handover], [AFTER], warehouse.head())
        assert all_of(warehouse, BEFORE) == GUESTS


class LaidOut(Fact, partition_by="day", cluster_by=("guest_id",)):
    """One row per guest."""

    guest_id: Integer = natural_key("The guest's number.")
    day: Date = attribute("The day.")
    called: Text = attribute('The "name".', nullable=True, renamed_from="name", pii=True)


class Named(Fact):
    """One row per guest."""

    guest_id: Integer = natural_key("The guest's number.")
    planet_id: Integer = attribute("The planet's number.", nullable=True)
    called: Text = attribute("The name.", nullable=True, renamed_from="name", pii=True)


VALUES = {"guest_id": 1, "planet_id": 2, "name": "Eve", "called": "Eve", "day": date(2031, 5, 17)}
GIVEN = Protection(
    (("mine", "planet_id = 3", ("group:x@y.z", "user:a@b.c")),), (("roles/bigquery.dataViewer", ("user:a@b.c",)),)
)


@pytest.mark.parametrize(
    ("model", "given", "words"),
    [
        (LaidOut, Protection(), ["DROP TABLE", "PARTITION BY DATE_TRUNC(`day`, MONTH)", "CAST(NULL AS STRING) AS"]),
        (
            After,
            GIVEN,
            ["WHERE FALSE", "CREATE OR REPLACE ROW ACCESS POLICY `mine`", "GRANT `roles/bigquery.dataViewer` ON TABLE"],
        ),
        (Named, Protection(), ["RENAME COLUMN `name` TO `called`"]),
        (Named, GIVEN, ["CREATE OR REPLACE"]),  # no column of a table with row access policies can be renamed
    ],
)
def test_the_statements_are_googles_sql(
    pytestconfig: pytest.Config, tmp_path: Path, model: type, given: Protection, words: list[str]
) -> None:
    """Nothing is to be seen by the wrong ones for a moment: what is protected is filled when its protection is back."""
    contract = Contract.of("fact_guest", model)
    handover = hand_over(contract, [{c: VALUES[c] for c in contract.schema.names}], tmp_path)
    found = schema.new_table(BEFORE, f"{PROJECT}.d")
    difference = compare("fact_guest", schema.wanted(contract, [contract]), schema.found(found))
    wanted = schema.new_table(contract, f"{PROJECT}.d", TAG)
    each = Anew(contract, difference, _read(found), wanted, given, f"{PROJECT}.d_staging.s")
    text = anew.script(f"{PROJECT}.d", each, handover, Head(RUN))
    for word in words:
        assert word in text
    assert ("RENAME" in text) == any("RENAME" in word for word in words)
    staged = contract.schema
    tables = {f"{PROJECT}.d.fact_guest": BEFORE.schema, f"{PROJECT}.d_staging.s": staged}
    tables |= {f"{PROJECT}.d.etl_head": ETL_HEAD.schema}
    assert pytestconfig.cache is not None
    with compiled_in(pytestconfig.cache.mkdir("googlesql")):
        assert GoogleSql(tables).analyze(text) > len(words)


def _read(table: Table) -> Table:
    return Table.from_api_repr(table.to_api_repr() | {"labels": {"managed_by": "etl"}})


def _client(address: str) -> Client:
    return Client(project=PROJECT, credentials=AnonymousCredentials(), client_options={"api_endpoint": address})


def _tags(client: Client, name: str) -> dict[str, str]:
    fields = client.get_table(name).schema
    return {field.name: field.policy_tags.names[0] for field in fields if field.policy_tags and field.policy_tags.names}
