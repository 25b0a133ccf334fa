"""What BigQuery refuses, played by a proxy: it is said in a sentence with its cure, and last night stays."""

from dataclasses import replace
from pathlib import Path

import pytest

from etl.core.errors import WarehouseError
from etl.load.bigquery.errors import Explainer, Fault
from etl.load.bigquery.warehouse import BigQueryWarehouse
from tests.load.contracts import PLANET
from tests.load.nights import NEXT_RUN, RUN, counts, impatient, load, night, publish
from tests.load.proxy import Proxy, failed_job, refusal

SCRIPT = r"^POST /bigquery/v2/projects/[\w-]+/jobs\?"
FREE_TIER = "Billing has not been enabled for this project. DML queries are not allowed in the free tier."


def test_refused_publish_leaves_last_night(proxy: Proxy, behind_proxy: BigQueryWarehouse, tmp_path: Path) -> None:
    """Where BigQuery refuses the publish, that is said with its cure, and the tables are those of last night."""
    load(behind_proxy, RUN, night(tmp_path, 5, [PLANET]))
    proxy.rules.append(refusal(SCRIPT, 403, "billingNotEnabled", FREE_TIER))
    with pytest.raises(WarehouseError, match=r"publishing into .* sandbox") as told:
        load(behind_proxy, NEXT_RUN, night(tmp_path, 2, [PLANET]))
    assert "Turn billing on" in told.value.hint
    assert "http" not in told.value.message
    assert counts(behind_proxy, [PLANET]) == [5]


POLICY_TAG = (
    'Access Denied: BigQuery BigQuery: User does not have permission to access policy tag "pii" on column p:d.t.c'
)
VPC = (
    "VPC Service Controls: Request is prohibited by organization's policy. vpcServiceControlsUniqueIdentifier: abc-123"
)
DISABLED = (
    "BigQuery API has not been used in project 1234 before or it is disabled. Enable it by visiting"
    " https://console.developers.google.com/apis/api/bigquery.googleapis.com/overview?project=1234 then retry."
)
BUCKET = (
    "Access Denied: BigQuery BigQuery: etl@p.iam.gserviceaccount.com does not have storage.buckets.get access to b."
)
FREE_BYTES = "Quota exceeded: Your project exceeded quota for free query bytes scanned."
CUSTOM = "Custom quota exceeded: Your usage exceeded the custom quota for QueryUsagePerDay, which is set by your admin."
IMPERSONATION = "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist)."
USER_PROJECT = "Caller does not have required permission to use project p. Grant the caller serviceusage.services.use"
NO_FILTER = (
    "Cannot query over table 'p.d.t' without a filter over column(s) 'day' that can be used for partition elimination"
)


@pytest.mark.parametrize(
    ("fault", "sentence", "cure"),
    [
        (
            Fault(403, "accessDenied", "Access Denied: no jobs.create"),
            "this account is not allowed to",
            "roles/bigquery.user",
        ),
        (Fault(403, "accessDenied", "User does not have bigquery.jobs.create permission"), "run jobs", "bigquery.user"),
        (Fault(403, "accessDenied", "Permission bigquery.tables.create denied"), "the tables", "star_staging"),
        (Fault(403, "quotaExceeded", "Quota exceeded: too much"), "a quota is used up", "Wait"),
        (Fault(403, "quotaExceeded", FREE_BYTES), "this month's free bytes", "first day of the next month"),
        (Fault(403, "quotaExceeded", CUSTOM), "custom quota of this project", "query usage per day"),
        (Fault(403, "rateLimitExceeded", "Exceeded rate limits"), "within a few seconds", "few minutes"),
        (
            Fault(403, "insufficientPermissions", "Request had insufficient authentication scopes."),
            "scopes",
            "--scopes=",
        ),
        (
            Fault(403, "accessNotConfigured", DISABLED),
            "API",
            "services enable bigquery.googleapis.com --project a-proj",
        ),
        (Fault(403, "accessDenied", POLICY_TAG), "policy tag", "roles/datacatalog.categoryFineGrainedReader"),
        (Fault(403, "vpcServiceControls", VPC), "abc-123", "perimeter"),
        (Fault(403, "accessDenied", BUCKET), "bucket", "roles/storage.legacyBucketReader"),
        (Fault(403, "forbidden", IMPERSONATION), "BIGQUERY_IMPERSONATE", "roles/iam.serviceAccountTokenCreator"),
        (Fault(403, "forbidden", USER_PROJECT), "counted", "roles/serviceusage.serviceUsageConsumer"),
        (Fault(403, "forbidden", "The billing account for the owning project is disabled"), "billing", "Open Billing"),
        (Fault(412, "conditionNotMet", "constraints/gcp.resourceLocations violated"), "policy", "BIGQUERY_LOCATION"),
        (Fault(400, "invalidQuery", NO_FILTER), "do not filter", "require_partition_filter = FALSE"),
        (
            Fault(404, "notFound", "Not found: Table p:star_staging.x__1 was not found"),
            "not found",
            "stages the missing table",
        ),
        (Fault(404, "notFound", "Not found: Dataset p:star"), "not found", "BIGQUERY_LOCATION"),
        (Fault(401, "authError", "Invalid Credentials"), "did not accept the credentials", "BIGQUERY_CREDENTIALS"),
        (Fault(503, "backendError", "Sorry"), "a fault of its own just now: Sorry", "again"),
        (Fault(400, "invalidQuery", "Syntax error\nat [1:2]"), "publishing: Syntax error.", "job history"),
    ],
)
def test_each_refusal_has_its_cure(fault: Fault, sentence: str, cure: str) -> None:
    """What BigQuery refuses is one sentence, and the hint says what to do about it."""
    error = Explainer("a-project", "star").refusal("publishing", fault)
    assert sentence in error.message
    assert cure in error.hint


@pytest.mark.parametrize(
    ("fault", "passes"),
    [
        (Fault(400, "invalidQuery", "Transaction is aborted due to concurrent update against table p:d.t"), True),
        (Fault(400, "invalidQuery", "Could not serialize access to table p:d.t due to concurrent update"), True),
        (Fault(400, "invalidQuery", "Syntax error"), False),
        (Fault(500, "timeout", "Operation timed out after 6.0 hours"), False),
        (Fault(500, "stopped", "Job execution was cancelled: User requested cancellation"), False),
        (Fault(501, "notImplemented", "Not implemented"), False),
        (Fault(403, "quotaExceeded", "Quota exceeded"), False),
        (Fault(500, "internalError", "An internal error occurred"), True),
        (Fault(403, "rateLimitExceeded", "Exceeded rate limits"), True),
    ],
)
def test_only_what_passes_is_tried_again(fault: Fault, passes: bool) -> None:
    """A job that ran into its time limit would do so again; one that another one cut across would not."""
    assert fault.transient == passes


def test_sandbox_is_told_also_when_the_job_says_so(
    proxy: Proxy, behind_proxy: BigQueryWarehouse, tmp_path: Path
) -> None:
    """BigQuery may take the script and let it fail: the sentence is the same."""
    proxy.rules += [
        refusal(r"GET .*/jobs/.*-publish-", 404, "notFound", "Not found: Job"),
        failed_job(r"GET .*/jobs/.*-publish-", "query", "billingNotEnabled", FREE_TIER),
    ]
    with pytest.raises(WarehouseError, match="sandbox"):
        load(behind_proxy, RUN, night(tmp_path, 2, [PLANET]))


@pytest.mark.parametrize(
    ("status", "reason", "message", "sentence", "cure"),
    [
        (404, "notFound", "Not found: Project a-project", "was not found", "BIGQUERY_PROJECT"),
        (
            403,
            "accessDenied",
            "Access Denied: Project a-project",
            "this account is not allowed to",
            "roles/bigquery.user",
        ),
    ],
)
def test_project_out_of_reach_is_told(
    proxy: Proxy, behind_proxy: BigQueryWarehouse, status: int, reason: str, message: str, sentence: str, cure: str
) -> None:
    """A project that is not there, or not for this account, is told at the first look."""
    proxy.rules.append(refusal(r"GET .*/datasets/", status, reason, message, times=9))
    with pytest.raises(WarehouseError, match=f"looking into .* {sentence}") as told:
        behind_proxy.changes([PLANET])
    assert cure in told.value.hint


def test_publish_without_staging_is_told_and_leaves_last_night(behind_proxy: BigQueryWarehouse, tmp_path: Path) -> None:
    """If staging tables vanish before the publish, nothing is published."""
    load(behind_proxy, RUN, night(tmp_path, 5, [PLANET]))
    with pytest.raises(WarehouseError, match=r"publishing into .* not found"):
        publish(behind_proxy, NEXT_RUN, night(tmp_path, 2, [PLANET]))
    assert counts(behind_proxy, [PLANET]) == [5]


def test_script_that_bigquery_would_not_take_is_told_before_anything_is_staged(
    proxy: Proxy, behind_proxy: BigQueryWarehouse, tmp_path: Path
) -> None:
    """What the statements measure when they are composed counts, and the longest are named with what makes less."""
    planet, ship = night(tmp_path, 2)
    name = planet.receipt.columns["name"].model_copy(update={"max": "z" * 1024 * 1000})
    columns = planet.receipt.columns | {"name": name}
    long = replace(planet, receipt=planet.receipt.model_copy(update={"columns": columns}))
    behind_proxy.check(RUN, [planet, ship])
    with pytest.raises(
        WarehouseError, match=r"2 tables .* BigQuery takes 1,024,000\. .* dim_planet \([\d,]+\), dim_ship \("
    ) as told:
        behind_proxy.check(RUN, [ship, long])
    assert "RECEIPTS=columns" in told.value.hint
    assert proxy.seen == []


def test_unreachable_endpoint_is_told(tmp_path: Path) -> None:
    """A BigQuery that cannot be reached is a sentence, marked as what a retry may cure."""
    warehouse = impatient("http://127.0.0.1:9", tmp_path)
    with pytest.raises(WarehouseError, match="it cannot be reached") as told:
        warehouse.changes([PLANET])
    assert told.value.transient
