"""A refresh of a dataset, asked of a stand-in that answers as the Power BI service does."""

import logging
import re
import time
from collections.abc import Iterator

import pytest

from etl.core.errors import RefreshError
from etl.refresh.follow import refresh
from tests.drawn import cells_of
from tests.refresh.service import DROP, SECRET, TOKEN, WORKSPACE, PowerBi


def failed(power_bi: PowerBi, patience: int = 20) -> RefreshError:
    with pytest.raises(RefreshError) as caught:
        refresh(power_bi.target(patience))
    assert caught.value.exit_code == 4
    assert re.match(r"[^\n]+[.…]$", caught.value.message)
    assert SECRET not in caught.value.message + caught.value.hint
    return caught.value


@pytest.fixture(autouse=True)
def secrets_stay_secret(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Neither the client secret nor a token is in any line of any log, in any of these tests."""
    caplog.set_level(logging.DEBUG)
    yield
    logged = "\n".join(record.getMessage() for record in caplog.get_records("call"))
    assert "Starting new HTTPS connection" in logged
    assert SECRET not in logged
    assert TOKEN not in logged


def test_a_shared_capacity_gets_a_standard_refresh(power_bi: PowerBi) -> None:
    """With no parameter that it would refuse; the history tells how it ends."""
    refresh(power_bi.target())
    assert power_bi.asked == [{"notifyOption": "NoNotification"}]
    assert power_bi.history[0]["status"] == "Completed"


def test_a_capacity_of_its_own_gets_an_enhanced_refresh(power_bi: PowerBi) -> None:
    """All tables in one transaction, within the time that we wait for it."""
    power_bi.dedicated = True
    refresh(power_bi.target(3700))
    (body,) = power_bi.asked
    assert (body["type"], body["commitMode"], body["applyRefreshPolicy"]) == ("full", "transactional", True)
    assert re.fullmatch(r"01:01:\d\d", body["timeout"])
    assert power_bi.history[0]["status"] == "Completed"


FAILURES = """
| dedicated | ends as   | what is said                                                | and tried        |
| --------- | --------- | ----------------------------------------------------------- | ---------------- |
|           | Failed    | : ModelRefreshFailed_CredentialsNotSpecified: No credentials. | Enter the data source's cred |
| yes       | Failed    | : The credentials provided are invalid.                     | Enter the data source's cred   |
| yes       | TimedOut  | , and Power BI does not say why.                            | Look at the refr |
| yes       | Cancelled | , and Power BI does not say why.                            | Look at the refr |
|           | Disabled  | , and Power BI does not say why.                            | Look at the refr |
"""


@pytest.mark.parametrize(("dedicated", "status", "said", "tried"), cells_of(FAILURES))
def test_how_a_refresh_failed_is_told(power_bi: PowerBi, dedicated: str, status: str, said: str, tried: str) -> None:
    """In the service's own words, on one line, with what to do."""
    power_bi.dedicated, power_bi.ends_as, power_bi.looks = dedicated == "yes", status, 0
    fault = failed(power_bi)
    assert fault.message == f"it ended as {status}{said}"
    assert fault.hint.startswith(tried)
    assert len(power_bi.asked) == 1


@pytest.mark.parametrize("because", ["no JSON at all", '["a list"]', "x" * 5000])
def test_what_the_service_says_in_another_form_is_told_as_it_is(power_bi: PowerBi, because: str) -> None:
    """Cut where it is endless."""
    power_bi.ends_as, power_bi.because = "Failed", because
    said = failed(power_bi).message
    assert because[:100] in said
    assert len(said) < 700


@pytest.mark.parametrize("dedicated", [False, True])
def test_after_another_refresh_ours_is_asked_for_again(power_bi: PowerBi, dedicated: bool) -> None:
    """The other one may have read what was published before (409 of an enhanced one, 400 of a standard one)."""
    power_bi.dedicated = dedicated
    other = power_bi.begin("Scheduled")
    refresh(power_bi.target())
    assert other["status"] == "Completed"
    assert [entry["status"] for entry in power_bi.history] == ["Completed", "Completed"]
    assert len(power_bi.asked) == 2


def test_another_refresh_that_does_not_end_is_told(power_bi: PowerBi) -> None:
    """Ours never began."""
    power_bi.looks = 1000
    power_bi.begin("OnDemand")
    assert re.match(
        r"another refresh of the dataset has been under way for \d s, longer than POWERBI_PATIENCE allows\.$",
        failed(power_bi, 1).message,
    )
    assert len(power_bi.history) == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_throttled_service_is_given_the_pause_that_it_wants(
    power_bi: PowerBi, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    """429 with Retry-After: nothing was done, so that the call can be made again."""
    power_bi.faults[method] = [429]
    began = time.monotonic()
    refresh(power_bi.target())
    assert time.monotonic() - began > 1
    assert "Power BI has too many requests: waiting 1 s, as it asks." in caplog.text
    assert len(power_bi.history) == 1


def test_a_pause_that_is_longer_than_our_patience_is_told_at_once(power_bi: PowerBi) -> None:
    """Nobody sleeps for what cannot succeed."""
    power_bi.faults["POST"], power_bi.retry_after = [429], 3600
    began = time.monotonic()
    assert "wants a pause of 3600 s, longer than POWERBI_PATIENCE allows." in failed(power_bi).message
    assert time.monotonic() - began < 5


def test_eight_refreshes_a_day_are_spent(power_bi: PowerBi) -> None:
    """It is said what counts, and what the service said."""
    for _ in range(8):
        power_bi.begin("Scheduled", status="Completed")
    fault = failed(power_bi)
    assert fault.message.startswith("the shared capacity's refreshes for 24 hours are used up")
    assert "Number of refresh requests in last 24 hours exceeded limit" in fault.message
    assert "scheduled refreshes" in fault.hint
    assert len(power_bi.asked) == 1


def test_a_slow_refresh_is_waited_for_and_told_of_now_and_then(
    power_bi: PowerBi, caplog: pytest.LogCaptureFixture
) -> None:
    """Pauses grow with the time that it takes, and so do those between two lines of the log."""
    power_bi.dedicated, power_bi.looks = True, 10
    refresh(power_bi.target())
    assert caplog.text.count("the refresh has been under way for ") == 1
    looks = [path for method, path, _ in power_bi.heard if method == "GET" and "/refreshes/" in path]
    assert len(looks) == 11


@pytest.mark.parametrize("dedicated", [True, False])
def test_a_refresh_that_never_ends_is_given_up(power_bi: PowerBi, dedicated: bool) -> None:
    """An enhanced one is cancelled: it must not read while the next night publishes. A standard one cannot be."""
    power_bi.dedicated, power_bi.looks = dedicated, 1000
    said = failed(power_bi, 1).message
    assert re.match(r"the refresh has been under way for \d s, longer than POWERBI_PATIENCE allows\. It ", said)
    assert said.endswith("It was cancelled." if dedicated else "It goes on in Power BI.")
    assert power_bi.history[0]["status"] == ("Cancelled" if dedicated else "Unknown")


def test_an_expired_secret_is_told_with_its_cure(power_bi: PowerBi) -> None:
    """And nothing is asked of Power BI."""
    power_bi.expired = True
    fault = failed(power_bi)
    assert fault.message.startswith("Microsoft Entra refused to sign us in: AADSTS7000222: The provided client secret")
    assert "Trace ID" not in fault.message
    assert fault.hint.startswith("Make a new client secret for the app registration")
    assert power_bi.asked == []


def test_a_sign_in_that_is_not_there_is_tried_for_our_patience_and_no_longer(power_bi: PowerBi) -> None:
    """One deadline: the question that wants the token does not begin the time anew."""
    target, began = power_bi.target(2), time.monotonic()
    with pytest.raises(RefreshError, match="could not be asked for a token") as caught:
        refresh(type(target)(**vars(target) | {"sign_in": "https://127.0.0.1:9"}))
    assert 2 < time.monotonic() - began < 3
    assert not caught.value.transient


def test_a_tenant_that_is_not_there_is_told(power_bi: PowerBi) -> None:
    """By its name, with the setting."""
    target = power_bi.target()
    with pytest.raises(RefreshError, match="does not know the tenant nowhere") as caught:
        refresh(type(target)(**vars(target) | {"tenant": "nowhere"}))
    assert caught.value.hint == "Check POWERBI_TENANT."


def test_who_is_no_member_of_the_workspace_is_told(power_bi: PowerBi) -> None:
    """Before anything is asked for."""
    power_bi.member = False
    fault = failed(power_bi)
    assert fault.message == f"the workspace {WORKSPACE} is not visible to this service principal."
    assert fault.hint.startswith("Make the service principal a member of the workspace")


@pytest.mark.parametrize(
    ("status", "cure"),
    [(401, "allow service principals"), (403, "a member of the workspace"), (404, "Check POWERBI_WORKSPACE")],
)
def test_a_refusal_is_told_with_its_cure(power_bi: PowerBi, status: int, cure: str) -> None:
    """What the service says, and what an administrator does about it."""
    power_bi.faults["POST"] = [status]
    fault = failed(power_bi)
    assert fault.message == f"Power BI answered {status}: Fault Injected."
    assert cure in fault.hint
    assert len(power_bi.asked) == 1


@pytest.mark.parametrize("fault", [500, 503, DROP])
def test_a_request_of_unknown_fate_is_found_in_the_history_and_not_repeated(
    power_bi: PowerBi, fault: int | str
) -> None:
    """A refresh that began although the answer was an error, or none, is followed to its end."""
    power_bi.faults["POST"], power_bi.begins_all_the_same = [fault], True
    power_bi.begin("ViaApi", status="Completed")
    refresh(power_bi.target())
    assert len(power_bi.asked) == 1
    assert [entry["status"] for entry in power_bi.history] == ["Completed", "Completed"]


def test_a_request_that_came_to_nothing_is_told_and_not_repeated(power_bi: PowerBi) -> None:
    """It would count where only eight a day are allowed."""
    power_bi.faults["POST"] = [502]
    power_bi.begin("ViaApi", status="Completed")
    assert failed(power_bi, 1).message == ("Power BI answered 502: Fault Injected. Its history has no sign of it.")
    assert len(power_bi.asked) == 1


def test_faults_that_pass_are_waited_out_while_it_is_looked(
    power_bi: PowerBi, caplog: pytest.LogCaptureFixture
) -> None:
    """A question can be asked again: cut connections and faults of the service fail nothing."""
    power_bi.faults["GET"] = [DROP, 500]
    refresh(power_bi.target())
    assert len(power_bi.asked) == 1
    assert caplog.text.count("trying again in") == 2


@pytest.mark.parametrize("dedicated", [True, False])
def test_a_refresh_that_is_not_known_at_once_is_waited_for(power_bi: PowerBi, dedicated: bool) -> None:
    """The service may need a moment before it tells of what it accepted."""
    power_bi.dedicated, power_bi.lag, power_bi.looks = dedicated, 2, 0
    refresh(power_bi.target())
    assert len(power_bi.asked) == 1


def test_a_service_that_is_not_there_is_told(power_bi: PowerBi) -> None:
    """With the address that could not be reached."""
    target = power_bi.target(0)
    with pytest.raises(RefreshError, match=r"https://127\.0\.0\.1:9 could not be reached \(ConnectionError\)"):
        refresh(type(target)(**vars(target) | {"service": "https://127.0.0.1:9"}))
    with pytest.raises(RefreshError, match=r"https://127\.0\.0\.1:9 could not be asked for a token"):
        refresh(type(target)(**vars(target) | {"sign_in": "https://127.0.0.1:9"}))
