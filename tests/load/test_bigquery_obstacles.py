"""What spoils a night in BigQuery although every column is right: taken off where it is ours, else refused."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud.bigquery import Client, Dataset, SchemaField, Table

from etl.core.errors import WarehouseError
from etl.load.bigquery.warehouse import BigQueryWarehouse
from tests.load.contracts import FLIGHT, STAR
from tests.load.nights import PROJECT, bigquery_settings, impatient
from tests.load.proxy import Proxy, refusal, running_proxy

DAY = 24 * 3600 * 1000
FREE_TIER = "Billing has not been enabled for this project. DML queries are not allowed in the free tier."


class Cloud:
    """A prepared warehouse, and a person who changes it."""

    def __init__(self, warehouse: BigQueryWarehouse, client: Client, dataset: str, proxy: Proxy) -> None:
        self.warehouse, self.client, self.dataset, self.proxy = warehouse, client, dataset, proxy

    def patch(self, path: str, change: dict[str, Any]) -> None:
        """Change metadata as the REST interface does. path: "" or "/tables/…", in the published dataset."""
        project, name = self.dataset.split(".")
        path = f"/projects/{project}/datasets/{name}{path}"
        self.client._connection.api_request(method="PATCH", path=path, data=change)


@pytest.fixture(scope="module")
def cloud(running: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """Prepare the tables of the star."""
    folder = tmp_path_factory.mktemp("obstacles")
    with running_proxy(running) as proxy, impatient(proxy.url, folder) as warehouse:
        warehouse.ensure(STAR)
        options = {"api_endpoint": running}
        with Client(project=PROJECT, credentials=AnonymousCredentials(), client_options=options) as client:
            yield Cloud(warehouse, client, warehouse._dataset, proxy)


FLIGHTS = "/tables/fact_flight"


def test_expiry_that_a_sandbox_gave_to_what_is_ours_is_taken_off(cloud: Cloud) -> None:
    """Dataset, table and partitions: said in a dry run, done before the night, and then there is nothing left to do."""
    cloud.patch("", {"defaultTableExpirationMs": str(60 * DAY), "defaultPartitionExpirationMs": str(60 * DAY)})
    partitioning = {"type": "MONTH", "field": "day", "expirationMs": str(60 * DAY)}
    cloud.patch(
        FLIGHTS, {"expirationTime": "1999999999000", "timePartitioning": partitioning, "description": "another"}
    )
    dataset, table = cloud.warehouse.changes(STAR)
    assert dataset == (
        f"The dataset {cloud.dataset} loses its expiry (new tables expire after 60 days, partitions of new tables"
        " expire after 60 days)."
    )
    assert table == (
        "fact_flight gets its contract's description and loses its expiry (it expires on 2033-05-18, its partitions"
        " expire after 60 days)."
    )
    cloud.warehouse.ensure(STAR)
    assert cloud.warehouse.changes(STAR) == []
    assert cloud.client.get_dataset(cloud.dataset).default_table_expiration_ms is None
    assert cloud.client.get_table(f"{cloud.dataset}.fact_flight").expires is None


NOBODYS = {"labels": {"managed_by": None, "kind": None}}
OURS = {"labels": {"managed_by": "etl", "kind": "fact"}}
MONTHS = {"type": "MONTH", "field": "day"}


def columns(**change: Any) -> list[dict[str, Any]]:
    """Give the flights' columns, the remark changed."""
    fields = [field.to_api_repr() for field in _schema()]
    return [field | change if field["name"] == "remark" else field for field in fields]


def _schema() -> list[SchemaField]:
    from etl.load.bigquery.schema import schema

    return schema(FLIGHT)


@pytest.mark.parametrize(
    ("path", "change", "undo", "told", "cure"),
    [
        (
            "",
            NOBODYS | {"defaultTableExpirationMs": str(9 * DAY)},
            {"labels": {"managed_by": "etl"}, "defaultTableExpirationMs": None},
            "new tables expire after 9 days",
            "ALTER SCHEMA `{dataset}` SET OPTIONS (default_table_expiration_days = NULL)",
        ),
        (
            "",
            {"defaultCollation": "und:ci"},
            {"defaultCollation": ""},
            "compares texts by und:ci",
            "ALTER SCHEMA `{dataset}` SET DEFAULT COLLATE ''",
        ),
        (
            FLIGHTS,
            NOBODYS | {"expirationTime": "1999999999000", "timePartitioning": MONTHS | {"expirationMs": str(9 * DAY)}},
            OURS | {"expirationTime": None, "timePartitioning": MONTHS | {"expirationMs": None}},
            "fact_flight: it expires on 2033-05-18 and its partitions expire after 9 days",
            "ALTER TABLE `{dataset}.fact_flight` SET OPTIONS (expiration_timestamp = NULL, partition_expiration_days ="
            " NULL)",
        ),
        (
            FLIGHTS,
            {"requirePartitionFilter": True},
            {"requirePartitionFilter": False},
            "fact_flight cannot be read as a whole",
            "ALTER TABLE `{dataset}.fact_flight` SET OPTIONS (require_partition_filter = FALSE)",
        ),
        (
            FLIGHTS,
            {
                "schema": {
                    "fields": columns(policyTags={"names": ["projects/p/locations/eu/taxonomies/1/policyTags/2"]})
                }
            },
            {"schema": {"fields": columns(policyTags={"names": []})}},
            "fact_flight.remark has a policy tag",
            "ALTER COLUMN `remark` SET OPTIONS (policy_tags = [])",
        ),
    ],
    ids=["dataset expires", "dataset's collation", "table expires", "filter", "policy tag"],
)
def test_what_a_person_wanted_is_refused_with_its_cure(
    cloud: Cloud, path: str, change: dict[str, Any], undo: dict[str, Any], told: str, cure: str
) -> None:
    """Nothing is touched: neither it nor anything else."""
    cloud.patch(path, change)
    try:
        with pytest.raises(WarehouseError, match="nothing was touched") as refusal:
            cloud.warehouse.ensure(STAR)
    finally:
        cloud.patch(path, undo)
    assert told in refusal.value.message
    assert cure.format(dataset=cloud.dataset) in refusal.value.message
    assert refusal.value.hint == "Run in BigQuery what the lines name, or ask whoever set it."
    assert cloud.warehouse.changes(STAR) == []


def test_a_columns_collation_goes_with_a_refill(cloud: Cloud) -> None:
    """No statement takes it off."""
    cloud.patch(FLIGHTS, {"schema": {"fields": columns(collation="und:ci")}})
    try:
        with pytest.raises(
            WarehouseError, match=r"remark is STRING COLLATE 'und:ci', in the contract STRING"
        ) as refusal:
            cloud.warehouse.ensure(STAR)
    finally:
        cloud.patch(FLIGHTS, {"schema": {"fields": columns(collation="")}})
    assert refusal.value.hint.endswith("python -m etl refill fact_flight")
    assert cloud.warehouse.changes(STAR) == []


@pytest.mark.parametrize(("predicate", "is_refused"), [("planet_key = 1", True), ("TRUE", False)])
def test_row_access_policies_are_refused_unless_one_shows_all(cloud: Cloud, predicate: str, is_refused: bool) -> None:
    """Rows that the loader does not see are no rows of its receipts."""
    name = f"`{cloud.dataset}.fact_flight`"
    grant = 'GRANT TO ("user:a@example.com")'
    cloud.client.query(f"CREATE ROW ACCESS POLICY some ON {name} {grant} FILTER USING ({predicate})").result()
    try:
        if is_refused:
            with pytest.raises(WarehouseError, match=f"DROP ALL ROW ACCESS POLICIES ON {name}"):
                cloud.warehouse.changes(STAR)
        else:
            assert cloud.warehouse.changes(STAR) == []
    finally:
        cloud.client.query(f"DROP ALL ROW ACCESS POLICIES ON {name}").result()


def test_who_may_not_list_policies_is_not_refused(cloud: Cloud) -> None:
    """The role of a data editor does not list them."""
    cloud.proxy.rules.append(refusal("GET .*/rowAccessPolicies", 403, "accessDenied", "Access Denied", times=9))
    try:
        assert cloud.warehouse.changes(STAR) == []
    finally:
        cloud.proxy.rules.clear()


def test_sandbox_is_told_before_anything_is_created(proxy: Proxy, behind_proxy: BigQueryWarehouse) -> None:
    """What is created in a sandbox expires, so that nothing is: the dry run says so, too."""
    proxy.rules.append(refusal("^POST .*/queries", 403, "billingNotEnabled", FREE_TIER, times=9))
    for prepare in (behind_proxy.changes, behind_proxy.ensure):
        with pytest.raises(WarehouseError, match="sandbox") as told:
            prepare(STAR)
        assert "Turn billing on for the project a-project" in told.value.hint
    assert proxy.count(r"^POST .*/datasets") == 0


@pytest.mark.parametrize("times", [1, 9])
def test_table_that_somebody_else_patches_is_looked_at_once_more(
    proxy: Proxy, behind_proxy: BigQueryWarehouse, times: int
) -> None:
    """A patch that is refused with 412 is made of what is there now; a second refusal is told."""
    behind_proxy.ensure(STAR[:1])
    changed: Callable[[], list[str]] = lambda: behind_proxy.changes(STAR)  # noqa: E731
    assert changed()
    proxy.rules.append(
        refusal("^PATCH .*/tables/dim_ship", 412, "conditionNotMet", "Precondition check failed.", times=times)
    )
    if times == 1:
        behind_proxy.ensure(STAR)
        assert changed() == []
        return
    with pytest.raises(WarehouseError, match="changed the same thing at the same moment") as told:
        behind_proxy.ensure(STAR)
    assert "Terraform" in told.value.hint
    assert proxy.count("^PATCH .*/tables/dim_ship") == 2


def test_a_table_that_is_quite_another_is_to_be_made_anew(bigquery: BigQueryWarehouse) -> None:
    """BigQuery renames no table that has a primary key, and nothing is to be dropped by hand."""
    bigquery.ensure(STAR)
    other = Table(f"{bigquery._dataset}.fact_flight", schema=[SchemaField("x", "INT64")])
    bigquery._client.delete_table(other)
    bigquery._client.create_table(other)
    with pytest.raises(WarehouseError, match=r"fact_flight.x is no longer in the contract") as told:
        bigquery.ensure(STAR)
    assert "etl refill fact_flight" in told.value.hint
    assert "drop" not in told.value.hint


def test_staging_that_forgets_too_soon_is_refused(emulator: str, tmp_path: Path) -> None:
    """A dataset of somebody else's in which tables live for an hour would lose them before they are published."""
    chosen = bigquery_settings(emulator, tmp_path)
    options = {"api_endpoint": emulator}
    with Client(project=PROJECT, credentials=AnonymousCredentials(), client_options=options) as client:
        staging = Dataset(f"{PROJECT}.{chosen.bigquery_dataset}_staging")
        staging.default_table_expiration_ms, staging.location = 3_600_000, "EU"
        client.create_dataset(staging)
    with (
        impatient(emulator, tmp_path, bigquery_dataset=chosen.bigquery_dataset) as warehouse,
        pytest.raises(WarehouseError, match=r"default_table_expiration_days = 3"),
    ):
        warehouse.changes(STAR)
