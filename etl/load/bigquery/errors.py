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
from etl.load.bigquery.refusals import kind_of

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
    *("jobInternalError", "tableUnavailable", "tooManyRequests"),
}
_CODES = {"accessDenied": 403, "billingNotEnabled": 403, "quotaExceeded": 403, "notFound": 404, "invalid": 400} | {
    "invalidQuery": 400
}
_FINAL = {"timeout", "stopped", "notImplemented", "usageQuotaExceeded"}
"""Reasons that no repetition cures, though the client gives a failed job of such a reason the code 500."""
_CROSSED = "due to concurrent update"
"""How BigQuery says of a transaction, aborted or not serialized, that another one cut across it."""


class UnknownEndError(Exception):
    """A job was started, or may have been, and how it ended cannot be learned.

    job_id: BigQuery knows it by this; because: why it is waited for no longer.
    """

    def __init__(self, job_id: str, because: Exception) -> None:
        super().__init__(job_id)
        self.job_id = job_id
        self.because = because


@dataclass(frozen=True)
class Fault:
    """An answer of BigQuery that is an error, be it to a call or as the end of a job."""

    code: int
    reason: str
    message: str

    @property
    def transient(self) -> bool:
        """Whether the same may work in a while."""
        if self.reason in _FINAL:
            return False
        return self.reason in _TRANSIENT or self.code == 429 or self.code >= 500 or _CROSSED in self.message


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
    log.warning("a BigQuery call failed temporarily: %s", type(error).__name__)


class Explainer:
    """Turns errors into sentences that name the project, the datasets and the settings concerned."""

    def __init__(self, project: str, dataset: str) -> None:
        self._names = {"project": project, "dataset": dataset}

    @contextmanager
    def explained(self, doing: str) -> Iterator[None]:
        """Raise a WarehouseError for whatever the client raises. doing: what was being done, to what."""
        try:
            yield
        except UnknownEndError as unknown:
            raise self.error(doing, unknown.because) from None
        except FAULTS as error:
            raise self.error(doing, error) from None

    def error(self, doing: str, error: BaseException) -> WarehouseError:
        """Explain an exception of the client."""
        if isinstance(error, api.RetryError) and error.cause is not None:
            return self.error(doing, error.cause)
        if isinstance(error, api.GoogleAPICallError):
            return self.refusal(doing, _fault_of_call(error))
        if isinstance(error, auth.RefreshError | auth.DefaultCredentialsError) and not error.retryable:
            return self._signed_out(doing, str(error))
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
        kind = kind_of(fault.code, fault.reason, fault.message)
        if kind:
            return kind.told(self._names, fault.message)
        said = fault.message.partition("\n")[0].rstrip(".")
        if fault.transient:
            return f"it has a fault of its own just now: {said}", "Try again in a while."
        return said, "Read what BigQuery says; the job is in the project's job history."

    def _signed_out(self, doing: str, said: str) -> WarehouseError:
        """Explain credentials that Google refused, without what it said: it may quote them."""
        kind = kind_of(0, "", said)
        why, hint = kind.told(self._names, said, secret=True) if kind else ("", "")
        return WarehouseError(
            f"BigQuery failed while {doing}: Google did not accept the credentials{': ' * bool(why)}{why}.",
            hint
            or "Renew them (`gcloud auth application-default login`, or another key file) and check"
            " BIGQUERY_CREDENTIALS and BIGQUERY_IMPERSONATE.",
        )


def _fault_of_call(error: api.GoogleAPICallError) -> Fault:
    details = error.errors[0] if error.errors and isinstance(error.errors[0], dict) else {}
    message = details.get("message") or str(error.message).partition("prettyPrint=false: ")[2] or str(error.message)
    return Fault(int(error.code or 0), details.get("reason", ""), message)
