"""BigQuery's bad nights that pass, played by a proxy: they are waited out, and nothing happens twice."""

import logging
import socket
import time
from pathlib import Path

import pytest

from etl.core.errors import WarehouseError
from etl.load.bigquery import client as bigquery_client
from etl.load.bigquery import jobs as bigquery_jobs
from etl.load.bigquery import staging as bigquery_staging
from etl.load.bigquery import warehouse as bigquery_warehouse
from etl.load.bigquery.client import connector
from etl.load.bigquery.warehouse import BigQueryWarehouse
from tests.load.contracts import PLANET, planets
from tests.load.nights import NEXT_RUN, PROJECT, RUN, all_of, bigquery_settings, counts, hand_over, load, night
from tests.load.proxy import Proxy, Rule, answered, cut_off, failed_job, lost_answer, refusal, slow_answer, stalled

UPLOAD = r"^PUT /upload/"
SCRIPT = r"^POST /bigquery/v2/projects/[\w-]+/jobs\?"
ASKED = r"^GET .*/jobs/"
QUERY = r"^POST .*/queries"
HISTORY = f"SELECT run_id FROM etl_runs WHERE table_name = '{PLANET.name}' ORDER BY run_id"


@pytest.mark.parametrize(
    ("rules", "uploads", "scripts"),
    [
        (
            [
                refusal(ASKED, 503, "backendError", "Try later"),
                refusal(UPLOAD, 429, "rateLimitExceeded", "Exceeded rate limits"),
                refusal(UPLOAD, 503, "backendError", "Try later"),
                refusal(QUERY, 500, "internalError", "An internal error occurred"),
                refusal(SCRIPT, 429, "tooManyRequests", "Too many requests"),
                refusal(SCRIPT, 500, "internalError", "An internal error occurred"),
            ],
            3,
            3,
        ),
        ([lost_answer(UPLOAD), lost_answer(SCRIPT)], 1, 1),
        ([cut_off(UPLOAD), cut_off(SCRIPT)], 2, 2),
        ([slow_answer(UPLOAD, 0.5), slow_answer(SCRIPT, 0.5)], 1, 1),
        ([stalled(ASKED), stalled(UPLOAD), stalled(SCRIPT)], 2, 2),
    ],
    ids=["refused", "lost", "cut off", "slow", "stalled"],
)
def test_faults_that_pass_are_waited_out(
    proxy: Proxy,
    last_night: BigQueryWarehouse,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    rules: list[Rule],
    uploads: int,
    scripts: int,
) -> None:
    """A call is repeated where BigQuery did not get it, and only there; every row is published once."""
    if rules[0].fate == "stalled":
        for module in (bigquery_jobs, bigquery_staging, bigquery_warehouse):
            monkeypatch.setattr(module, "CALL_TIMEOUT", 1.5)
    proxy.seen.clear()
    proxy.rules += [Rule(**vars(rule)) for rule in rules]
    load(last_night, NEXT_RUN, [hand_over(PLANET, planets(4, "Mars"), tmp_path)])
    assert [rule.times for rule in proxy.rules] == [0] * len(rules)
    assert all_of(last_night, PLANET) == planets(4, "Mars")
    assert [row["run_id"] for row in last_night.read(HISTORY).to_pylist()] == [RUN, NEXT_RUN]
    assert (proxy.count(UPLOAD), proxy.count(SCRIPT)) == (uploads, scripts)


def test_several_files_are_each_loaded_once(proxy: Proxy, behind_proxy: BigQueryWarehouse, tmp_path: Path) -> None:
    """If the answer to the first of two files gets lost, it is not sent again, and the second one is appended."""
    handover = hand_over(PLANET, planets(4), tmp_path, files=2)
    behind_proxy.ensure([PLANET])
    proxy.rules.append(lost_answer(UPLOAD))
    behind_proxy.stage(RUN, handover)
    assert behind_proxy.staged_rows(RUN, handover) == handover.receipt.rows
    assert proxy.count(UPLOAD) == 2


def test_duplicate_job_is_the_first_attempt(proxy: Proxy, behind_proxy: BigQueryWarehouse, tmp_path: Path) -> None:
    """An upload that got through unseen lets its repetition be refused with 409: its job is waited for."""
    handover = hand_over(PLANET, planets(4), tmp_path)
    behind_proxy.ensure([PLANET])
    unseen = refusal(
        ASKED, 404, "notFound", "Not found: Job", times=3
    )  # twice at the beginning, then after the lost answer
    proxy.rules += [lost_answer(UPLOAD), unseen]
    behind_proxy.stage(RUN, handover)
    assert (unseen.times, proxy.count(UPLOAD)) == (0, 2)
    assert behind_proxy.staged_rows(RUN, handover) == handover.receipt.rows


def test_fault_that_does_not_pass_is_told(proxy: Proxy, last_night: BigQueryWarehouse, tmp_path: Path) -> None:
    """What BigQuery cannot do for minutes fails, marked as what a later try may cure, and last night stays."""
    proxy.rules.append(refusal(UPLOAD, 500, "internalError", "An internal error occurred", times=99))
    with pytest.raises(WarehouseError, match=r"staging dim_planet .* a fault of its own just now") as told:
        load(last_night, NEXT_RUN, night(tmp_path, 4, [PLANET]))
    assert told.value.transient
    assert counts(last_night, [PLANET]) == [5]


def test_fault_in_one_file_loads_that_file_again(proxy: Proxy, behind_proxy: BigQueryWarehouse, tmp_path: Path) -> None:
    """A job that ran and failed has loaded nothing: its file, and no other, is loaded again under another id."""
    behind_proxy.ensure([PLANET])
    handover = hand_over(PLANET, planets(6), tmp_path, files=3)
    refused = failed_job(UPLOAD, "load", "backendError", "Sorry")
    proxy.rules += [
        slow_answer(UPLOAD, 0),
        refused,
        refusal(r"GET .*-1-\w+-1\?", 404, "notFound", "Not found: Job"),
        failed_job(r"GET .*-1-\w+-1\?", "load", "backendError", "Sorry"),
    ]
    behind_proxy.stage(RUN, handover)
    assert [rule.times for rule in proxy.rules] == [0] * 4
    assert behind_proxy.staged_rows(RUN, handover) == handover.receipt.rows
    assert proxy.count(UPLOAD) == 4


def test_job_that_failed_and_had_loaded_all_the_same_is_noticed(
    proxy: Proxy, behind_proxy: BigQueryWarehouse, tmp_path: Path
) -> None:
    """If rows are there twice because BigQuery said that a job failed which had not, all are loaded anew."""
    behind_proxy.ensure([PLANET])
    handover = hand_over(PLANET, planets(4), tmp_path, files=2)
    proxy.rules += [
        refusal(r"GET .*-1-\w+-1\?", 404, "notFound", "Not found: Job"),
        failed_job(r"GET .*-1-\w+-1\?", "load", "backendError", "Sorry"),
    ]
    behind_proxy.stage(RUN, handover)
    assert behind_proxy.staged_rows(RUN, handover) == handover.receipt.rows
    assert proxy.count(UPLOAD) == 5


def test_job_of_another_account_is_not_ours(proxy: Proxy, behind_proxy: BigQueryWarehouse, tmp_path: Path) -> None:
    """BigQuery tells nobody of another account's jobs (403): ours get ids of their own, and the night goes on."""
    handovers = night(tmp_path, 4, [PLANET])
    behind_proxy.ensure([PLANET])
    foreign = refusal(
        r"GET .*/jobs/etl-[^?]*-1\?", 403, "accessDenied", "Access Denied: Job: no bigquery.jobs.get", times=99
    )
    proxy.rules += [foreign, refusal(SCRIPT, 409, "duplicate", "Already Exists: Job", times=0)]
    load(behind_proxy, RUN, handovers)
    assert counts(behind_proxy, [PLANET]) == [4]
    assert proxy.count(r"GET .*/jobs/etl-[^?]*-1-[0-9a-f]{8}\?") >= 2


def test_failed_publish_is_run_again_under_another_id(
    proxy: Proxy, last_night: BigQueryWarehouse, tmp_path: Path
) -> None:
    """A script that another one cut across was rolled back, and runs again."""
    aborted = "Transaction is aborted due to concurrent update against table"
    failed = failed_job(r"GET .*/jobs/.*-publish-", "query", "invalidQuery", aborted)
    unasked = refusal(r"GET .*/jobs/.*-publish-", 404, "notFound", "Not found: Job")
    proxy.rules += [unasked, answered(SCRIPT, failed.answer), failed]
    load(last_night, NEXT_RUN, [hand_over(PLANET, planets(4, "Mars"), tmp_path)])
    assert all_of(last_night, PLANET) == planets(4, "Mars")
    assert proxy.count(SCRIPT) == 3


def test_load_job_that_cannot_succeed_is_not_repeated(
    proxy: Proxy, last_night: BigQueryWarehouse, tmp_path: Path
) -> None:
    """What is wrong with the data itself is told at once, and last night stays."""
    proxy.seen.clear()
    proxy.rules += [
        refusal(ASKED, 404, "notFound", "Not found: Job", times=2),
        failed_job(ASKED, "load", "invalid", "Error while reading data: not a Parquet file", times=99),
    ]
    with pytest.raises(WarehouseError, match=r"staging dim_planet .*: not a Parquet file\.$") as told:
        load(last_night, NEXT_RUN, night(tmp_path, 4, [PLANET]))
    assert not told.value.transient
    assert (proxy.count(UPLOAD), proxy.count(r"/jobs/.*-2\?")) == (1, 0)
    proxy.rules.clear()
    assert counts(last_night, [PLANET]) == [5]


def test_load_job_that_failed_yesterday_is_tried_anew(
    proxy: Proxy, behind_proxy: BigQueryWarehouse, tmp_path: Path
) -> None:
    """A job is remembered for half a year, its failure too, which may have been cured since."""
    handover = hand_over(PLANET, planets(4), tmp_path)
    behind_proxy.ensure([PLANET])
    behind_proxy.stage(RUN, handover)
    proxy.rules.append(failed_job(r"GET .*-1\?", "load", "accessDenied", "Access Denied: no tables.create", times=3))
    behind_proxy.stage(RUN, handover)
    assert proxy.count(UPLOAD) == 2


def test_job_that_has_run_is_trusted_only_if_its_rows_are_there(
    behind_proxy: BigQueryWarehouse, tmp_path: Path
) -> None:
    """Jobs are remembered for half a year, staging tables for days: what is gone is loaded again."""
    [handover] = night(tmp_path, 4, [PLANET])
    load(behind_proxy, RUN, [handover])
    behind_proxy.stage(RUN, handover)
    assert behind_proxy.staged_rows(RUN, handover) == handover.receipt.rows


def test_each_repetition_is_a_line_of_the_log(
    proxy: Proxy, behind_proxy: BigQueryWarehouse, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever reads the log in the morning sees what BigQuery's night was like."""
    behind_proxy.ensure([PLANET])
    proxy.rules += [refusal(request, 503, "backendError", "hunter2") for request in (ASKED, UPLOAD)]
    with caplog.at_level(logging.WARNING):
        behind_proxy.stage(RUN, hand_over(PLANET, planets(4), tmp_path))
    asked, uploaded = dict.fromkeys(record.getMessage() for record in caplog.records)
    assert asked == "a BigQuery call failed temporarily: ServiceUnavailable"
    assert uploaded.endswith("(failed 1 times): ServiceUnavailable")


def test_first_call_that_nobody_answers_is_told_soon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only where BigQuery answered once, its silence is waited out for minutes."""
    monkeypatch.setattr(bigquery_client, "_FIRST_CALL", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        warehouse = BigQueryWarehouse(connector(bigquery_settings(address, tmp_path)), PROJECT, "star")
        began = time.monotonic()
        with pytest.raises(WarehouseError, match="it cannot be reached, or did not answer in time") as told:
            warehouse.changes([PLANET])
    assert told.value.transient
    assert time.monotonic() - began < 30


def test_refusal_of_the_first_call_is_waited_out(proxy: Proxy, behind_proxy: BigQueryWarehouse) -> None:
    """A BigQuery that answers is there, whatever it answers at first."""
    proxy.rules.append(refusal("GET .*/datasets/", 503, "backendError", "Try later", times=2))
    assert behind_proxy.changes([PLANET])
    assert proxy.rules[0].times == 0
