"""BigQuery's bad nights, played by a proxy: nothing happens twice, and what went wrong is said in a sentence."""

import json
from pathlib import Path
from typing import Any

import pytest
from google.auth.exceptions import RefreshError

from etl.core.errors import WarehouseError
from etl.load.bigquery_client import connector
from etl.load.bigquery_errors import Explainer, Fault
from etl.load.bigquery_warehouse import BigQueryWarehouse
from tests.load.contracts import PLANET, planets
from tests.load.emulator import Proxy, Rule, lost_answer, refusal
from tests.load.nights import NEXT_RUN, PROJECT, RUN, bigquery_settings, counts, hand_over, load, night

UPLOAD = r"^PUT /upload/"
SCRIPT = r"^POST /bigquery/v2/projects/[\w-]+/jobs\?"
FREE_TIER = "Billing has not been enabled for this project. DML queries are not allowed in the free tier."


@pytest.fixture
def behind_proxy(proxy: Proxy, tmp_path: Path) -> BigQueryWarehouse:
    """A warehouse that does not see that there is a proxy, and gives up after two seconds."""
    return impatient(proxy.url, tmp_path)


def impatient(address: str, folder: Path, **settings: Any) -> BigQueryWarehouse:
    """Open a warehouse that gives up after two seconds."""
    chosen = bigquery_settings(address, folder, **settings)
    return BigQueryWarehouse(connector(chosen), PROJECT, str(chosen.bigquery_dataset), patience=2.0)


def test_lost_answer_to_a_load_job_loads_nothing_twice(
    proxy: Proxy, behind_proxy: BigQueryWarehouse, tmp_path: Path
) -> None:
    """If the connection breaks after BigQuery has taken a file, that file's job is found and not sent again."""
    handover = hand_over(PLANET, planets(4), tmp_path, files=2)
    behind_proxy.ensure([PLANET])
    proxy.rules.append(lost_answer(UPLOAD))
    behind_proxy.stage(RUN, handover)
    assert behind_proxy.staged_receipt(RUN, handover).rows == 4
    assert proxy.count(UPLOAD) == 2


def test_lost_answer_to_the_publish_publishes_once(
    proxy: Proxy, behind_proxy: BigQueryWarehouse, tmp_path: Path
) -> None:
    """If the connection breaks after the publishing script was started, it is found and waited for."""
    [handover] = night(tmp_path, 4, [PLANET])
    behind_proxy.ensure([PLANET])
    behind_proxy.stage(RUN, handover)
    proxy.rules.append(lost_answer(SCRIPT))
    behind_proxy.publish(RUN, [handover])
    assert counts(behind_proxy, [PLANET]) == [4]
    assert proxy.count(SCRIPT) == 1


def test_faults_of_bigquery_are_waited_out(proxy: Proxy, behind_proxy: BigQueryWarehouse, tmp_path: Path) -> None:
    """An upload that BigQuery answers with 503 is sent again, under the same id, and loaded once."""
    proxy.rules.append(refusal(UPLOAD, 503, "backendError", "Try later", times=2))
    load(behind_proxy, RUN, night(tmp_path, 4, [PLANET]))
    assert counts(behind_proxy, [PLANET]) == [4]
    assert proxy.count(UPLOAD) == 3


def test_fault_that_does_not_pass_is_told(proxy: Proxy, behind_proxy: BigQueryWarehouse, tmp_path: Path) -> None:
    """What BigQuery cannot do for minutes fails, marked as what a later try may cure."""
    proxy.rules.append(refusal(UPLOAD, 500, "internalError", "An internal error occurred", times=99))
    with pytest.raises(WarehouseError, match=r"staging dim_planet .* a fault of its own just now") as told:
        load(behind_proxy, RUN, night(tmp_path, 4, [PLANET]))
    assert told.value.transient


def test_failed_load_job_is_run_again_under_another_id(
    proxy: Proxy, behind_proxy: BigQueryWarehouse, tmp_path: Path
) -> None:
    """A job that ran and failed is never asked again: its next attempt truncates and has an id of its own."""
    failed = {"status": {"state": "DONE", "errorResult": {"reason": "backendError", "message": "Sorry"}}}
    job = {"jobReference": {"projectId": PROJECT, "jobId": "x"}, "configuration": {"load": {}}} | failed
    behind_proxy.ensure([PLANET])
    handover = hand_over(PLANET, planets(4), tmp_path, files=2)
    proxy.rules += [
        refusal(r"GET .*/jobs/.*-1\?", 404, "notFound", "Not found: Job"),
        Rule(r"GET .*-1-\w+-1\?", 200, job),
    ]
    behind_proxy.stage(RUN, handover)
    assert behind_proxy.staged_receipt(RUN, handover) == handover.receipt
    assert proxy.count(UPLOAD) == 4


def test_job_that_has_run_is_trusted_only_if_its_rows_are_there(
    behind_proxy: BigQueryWarehouse, tmp_path: Path
) -> None:
    """Jobs are remembered for half a year, staging tables for days: what is gone is loaded again."""
    [handover] = night(tmp_path, 4, [PLANET])
    load(behind_proxy, RUN, [handover])
    behind_proxy.stage(RUN, handover)
    assert behind_proxy.staged_receipt(RUN, handover) == handover.receipt


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
    failed = {"status": {"state": "DONE", "errorResult": {"reason": "billingNotEnabled", "message": FREE_TIER}}}
    job = {"jobReference": {"projectId": PROJECT, "jobId": "x"}, "configuration": {"query": {"query": ""}}} | failed
    proxy.rules.append(Rule(r"GET .*/jobs/.*-publish-", 200, job))
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
        behind_proxy.publish(NEXT_RUN, night(tmp_path, 2, [PLANET]))
    assert counts(behind_proxy, [PLANET]) == [5]


def test_unreachable_endpoint_is_told(tmp_path: Path) -> None:
    """A BigQuery that cannot be reached is a sentence, marked as what a retry may cure."""
    warehouse = impatient("http://127.0.0.1:9", tmp_path)
    with pytest.raises(WarehouseError, match="it cannot be reached") as told:
        warehouse.changes([PLANET])
    assert told.value.transient


def test_missing_default_credentials_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without credentials of Google Cloud is told how to get some."""
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    warehouse = impatient("http://127.0.0.1:9", tmp_path, bigquery_credentials="default")
    with pytest.raises(WarehouseError, match="no default credentials") as told:
        warehouse.changes([PLANET])
    assert "gcloud auth application-default login" in told.value.hint


@pytest.mark.parametrize(
    "content", [None, "hunter2", json.dumps({"type": "service_account", "private_key": "hunter2"})]
)
def test_unusable_key_file_is_told_without_its_content(tmp_path: Path, content: str | None) -> None:
    """A key file that is missing or broken is named; what stands in it is not."""
    file = tmp_path / "key.json"
    if content is not None:
        file.write_text(content)
    warehouse = impatient("http://127.0.0.1:9", tmp_path, bigquery_credentials="key file", bigquery_key_file=file)
    with pytest.raises(WarehouseError, match=r"key.json cannot be used") as told:
        warehouse.changes([PLANET])
    assert "hunter2" not in told.value.message + told.value.hint


def test_credentials_that_google_refuses_are_told_without_them() -> None:
    """What Google answers to refused credentials may quote them, so it is not repeated."""
    error = Explainer("p", "d").error("reading p.d", RefreshError("invalid_grant: hunter2"))
    assert "Google did not accept the credentials" in error.message
    assert "hunter2" not in error.message + error.hint
