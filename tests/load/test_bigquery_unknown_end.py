"""Publishing in BigQuery whose end is in doubt, played by a proxy: what is not known is not said."""

import time
from contextlib import nullcontext
from pathlib import Path

import pytest

from etl.core.errors import WarehouseError
from etl.core.head import Head
from etl.load.bigquery import jobs as bigquery_jobs
from etl.load.bigquery.warehouse import BigQueryWarehouse
from tests.load.contracts import PLANET, planets
from tests.load.nights import NEXT_RUN, ORIGIN, all_of, hand_over, load
from tests.load.proxy import Proxy, Rule, answered, failed_job, lost_answer, refusal, slow_answer

SCRIPT = r"^POST /bigquery/v2/projects/[\w-]+/jobs\?"


@pytest.fixture
def giving_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for no job longer than a second, nor for its end after it was cancelled."""
    monkeypatch.setattr(bigquery_jobs, "LONGEST_JOB", 0.5)
    monkeypatch.setattr(bigquery_jobs, "_LAST_LOOK", 0.5)


RUNNING = answered(
    r"GET .*/jobs/.*-publish-",
    {
        "jobReference": {"projectId": "a-project", "jobId": "x"},
        "configuration": {"query": {"query": ""}},
        "status": {"state": "RUNNING"},
    },
    times=99,
)
UNKNOWN = (
    r"It is not known whether the star was published: BigQuery may have finished the job etl-\S+-publish-\S+, or may"
)


@pytest.mark.parametrize("silence", ["it runs", "nobody answers", "the start is answered by nobody"])
def test_publish_whose_end_nobody_tells_is_not_known(
    proxy: Proxy, last_night: BigQueryWarehouse, tmp_path: Path, giving_up: None, silence: str
) -> None:
    """The script goes on at Google: it is said that nobody knows, the job is cancelled, and the next load looks."""
    handovers = [hand_over(PLANET, planets(4, "Mars"), tmp_path)]
    unanswered = refusal(r"GET .*/jobs/.*-publish-", 503, "backendError", "Try later", times=99)
    proxy.rules += {
        "it runs": [Rule(**vars(RUNNING))],
        "nobody answers": [slow_answer(r"GET .*/jobs/.*-publish-", 0), unanswered],
        "the start is answered by nobody": [
            slow_answer(r"GET .*/jobs/.*-publish-", 0),
            lost_answer(SCRIPT),
            unanswered,
        ],
    }[silence]
    if silence == "it runs":
        proxy.rules.insert(0, slow_answer(r"GET .*/jobs/.*-publish-", 0))
    proxy.rules.append(answered("POST .*-publish-.*/cancel", {"job": RUNNING.answer}, times=99))
    with pytest.raises(WarehouseError, match=UNKNOWN) as told:
        load(last_night, NEXT_RUN, handovers)
    assert "run LoadFilesBQ.py again: it looks at what is published" in told.value.hint
    assert "still stands" not in told.value.message
    assert not told.value.transient
    if silence != "the start is answered by nobody":
        assert proxy.count("POST .*-publish-.*/cancel") >= 1
    proxy.rules.clear()
    give_up = time.monotonic() + 30
    while last_night.head().run != NEXT_RUN and time.monotonic() < give_up:
        time.sleep(0.1)
    assert all_of(last_night, PLANET) == planets(4, "Mars")


@pytest.mark.parametrize("committed", [True, False])
def test_publish_that_was_stopped_is_looked_for_in_the_head(
    proxy: Proxy, last_night: BigQueryWarehouse, tmp_path: Path, committed: bool
) -> None:
    """A cancelled job may have committed before: what counts is whether the head was moved."""
    handovers, before = [hand_over(PLANET, planets(4, "Mars"), tmp_path)], last_night.head()
    last_night.stage(NEXT_RUN, handovers[0])
    if committed:
        last_night.read(f"UPDATE etl_head SET run_id = '{NEXT_RUN}' WHERE TRUE")
    stopped = failed_job(r"GET .*/jobs/.*-publish-", "query", "stopped", "Job execution was cancelled", times=9)
    unasked = refusal(r"GET .*/jobs/.*-publish-", 404, "notFound", "Not found: Job")
    proxy.rules += [unasked, answered(SCRIPT, stopped.answer), stopped]
    told = nullcontext() if committed else pytest.raises(WarehouseError, match="its job was stopped")
    with told:
        last_night.publish(handovers, before, Head(NEXT_RUN, ORIGIN))
