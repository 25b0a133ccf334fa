"""What BigQuery refuses, played by a proxy: it is said in a sentence with its cure, and last night stays."""

from pathlib import Path

import pytest

from etl.core.errors import WarehouseError
from etl.load.bigquery_errors import Explainer, Fault
from etl.load.bigquery_warehouse import BigQueryWarehouse
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


@pytest.mark.parametrize(
    ("fault", "sentence", "cure"),
    [
        (Fault(403, "accessDenied", "Access Denied: no jobs.create"), "this account may not", "roles/bigquery.user"),
        (Fault(403, "quotaExceeded", "Quota exceeded: too much"), "a quota is used up", "Wait"),
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
        (403, "accessDenied", "Access Denied: Project a-project", "this account may not", "roles/bigquery.user"),
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


def test_unreachable_endpoint_is_told(tmp_path: Path) -> None:
    """A BigQuery that cannot be reached is a sentence, marked as what a retry may cure."""
    warehouse = impatient("http://127.0.0.1:9", tmp_path)
    with pytest.raises(WarehouseError, match="it cannot be reached") as told:
        warehouse.changes([PLANET])
    assert told.value.transient
