"""What BigQuery, its client and the network raise, as sentences."""

import concurrent.futures
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import google.auth.exceptions as auth
import requests
from google.api_core import exceptions as api
from google.api_core.retry import Retry

from etl.core.errors import WarehouseError
from etl.core.log import log

FAULTS = (
    api.GoogleAPIError,
    auth.GoogleAuthError,
    requests.exceptions.RequestException,
    concurrent.futures.TimeoutError,
    ConnectionError,
)
"""Everything that a call of the client raises where nothing is wrong with this program."""

_TRANSIENT = {
    *("backendError", "internalError", "rateLimitExceeded", "jobRateLimitExceeded", "badGateway", "jobBackendError"),
    *("jobInternalError", "tableUnavailable", "timeout"),
}
_CODES = {"accessDenied": 403, "billingNotEnabled": 403, "quotaExceeded": 403, "notFound": 404, "invalid": 400} | {
    "invalidQuery": 400
}


@dataclass(frozen=True)
class Fault:
    """An answer of BigQuery that is an error, be it to a call or as the end of a job."""

    code: int
    reason: str
    message: str

    @property
    def transient(self) -> bool:
        """Whether the same may work in a while."""
        aborted = "aborted due to concurrent update" in self.message
        return self.reason in _TRANSIENT or self.code == 429 or self.code >= 500 or aborted


def fault_of_job(error_result: dict[str, str]) -> Fault:
    """Read why a job failed."""
    reason = error_result.get("reason", "")
    return Fault(_CODES.get(reason, 500 if reason in _TRANSIENT else 400), reason, error_result.get("message", ""))


def is_transient(error: Exception) -> bool:
    """Whether the call may be repeated: the network or BigQuery failed it, not what was asked."""
    if isinstance(error, api.GoogleAPICallError):
        return _fault_of_call(error).transient
    if isinstance(error, auth.GoogleAuthError):
        return error.retryable or isinstance(error, auth.TransportError)
    return isinstance(error, FAULTS) and not isinstance(error, api.RetryError)  # which was repeated long enough


def unanswered(error: Exception) -> bool:
    """Whether nobody answered the call, not even with a refusal."""
    return is_transient(error) and not isinstance(error, api.GoogleAPICallError)


def patient(seconds: float, on: Callable[[Exception], bool] = is_transient) -> Retry:
    """Repeat calls of the client for so many seconds at the most, with a line of the log for each that failed."""
    return Retry(predicate=on, initial=1.0, maximum=30.0, timeout=seconds, on_error=_tell)


def _tell(error: Exception) -> None:
    """Log only the kind: the text may hold a secret."""
    log.warning("a call of BigQuery failed in passing: %s", type(error).__name__)


class Explainer:
    """Turns errors into sentences that name the project, the datasets and the settings concerned."""

    def __init__(self, project: str, dataset: str) -> None:
        self._project = project
        self._dataset = dataset

    @contextmanager
    def explained(self, doing: str) -> Iterator[None]:
        """Raise a WarehouseError for whatever the client raises. doing: what was being done, to what."""
        try:
            yield
        except FAULTS as error:
            raise self.error(doing, error) from None

    def error(self, doing: str, error: BaseException) -> WarehouseError:
        """Explain an exception of the client."""
        if isinstance(error, api.RetryError) and error.cause is not None:
            return self.error(doing, error.cause)
        if isinstance(error, api.GoogleAPICallError):
            return self.refusal(doing, _fault_of_call(error))
        if isinstance(error, auth.RefreshError | auth.DefaultCredentialsError) and not error.retryable:
            return WarehouseError(
                f"BigQuery failed while {doing}: Google did not accept the credentials.",
                "Renew them (`gcloud auth application-default login`, or another key file) and check"
                " BIGQUERY_CREDENTIALS and BIGQUERY_IMPERSONATE.",
            )
        return WarehouseError(
            f"BigQuery failed while {doing}: it cannot be reached, or did not answer in time.",
            "Check the network and BIGQUERY_ENDPOINT, and try again.",
            transient=True,
        )

    def refusal(self, doing: str, fault: Fault) -> WarehouseError:
        """Explain an answer of BigQuery."""
        why, hint = self._why(fault)
        return WarehouseError(f"BigQuery failed while {doing}: {why}.", hint, transient=fault.transient)

    def _why(self, fault: Fault) -> tuple[str, str]:
        said = fault.message.partition("\n")[0].rstrip(".")
        if fault.reason == "billingNotEnabled" or "free tier" in fault.message:
            return (
                f"the project {self._project} is in BigQuery's sandbox, where no rows can be changed by SQL",
                f"Turn billing on for the project {self._project}; what was published before still stands.",
            )
        if fault.reason in ("quotaExceeded", "rateLimitExceeded", "jobRateLimitExceeded") or fault.code == 429:
            return (
                f"a quota is used up: {said}",
                "Wait, then try again; a day's quota starts anew at midnight, Pacific time.",
            )
        if fault.code == 401:
            return "it did not accept the credentials", "Check BIGQUERY_CREDENTIALS and what it names."
        if fault.code == 403:
            return f"this account may not: {said}", self._roles()
        if fault.code == 404:
            return f"it was not found: {said}", "Check BIGQUERY_PROJECT, BIGQUERY_DATASET and BIGQUERY_LOCATION."
        if fault.transient:
            return f"it has a fault of its own just now: {said}", "Try again in a while."
        return said, "Read what BigQuery says; the job is in the project's job history."

    def _roles(self) -> str:
        return (
            f"Grant the account roles/bigquery.user on the project {self._project} and roles/bigquery.dataEditor on"
            f" the datasets {self._dataset} and {self._dataset}_staging."
        )


def _fault_of_call(error: api.GoogleAPICallError) -> Fault:
    details = error.errors[0] if error.errors and isinstance(error.errors[0], dict) else {}
    message = details.get("message") or str(error.message).partition("prettyPrint=false: ")[2] or str(error.message)
    return Fault(int(error.code or 0), details.get("reason", ""), message)
