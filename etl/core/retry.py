"""Trying again what failed in passing: how often, how long, and one line of the log for each time (by stamina)."""

import time
from collections.abc import Callable, Iterator

import stamina
from stamina.instrumentation import RetryDetails, set_on_retry_hooks

from etl.core.errors import EtlError
from etl.core.log import log


def is_transient(error: Exception) -> bool:
    """Whether one of our own errors says that a retry may cure it."""
    return isinstance(error, EtlError) and error.transient


def attempts(on: Callable[[Exception], bool], seconds: float, times: int | None = None) -> Iterator[stamina.Attempt]:
    """Return context managers, one for each try, to be gone through by `for`.

    on: which exceptions to try again after; seconds: for how long, from the first fault on, however long the work had
    gone well before; times: how often at the most. Pauses double from half a second to five, so that who is told to
    stop does not sleep on, and are a quarter of the time at the most, so that its end is kept.
    """
    end: float | None = None

    def again(error: Exception) -> bool:
        nonlocal end
        now = time.monotonic()
        end = now + seconds if end is None else end
        return now < end and on(error)

    yield from stamina.retry_context(
        on=again, attempts=times, timeout=None, wait_initial=0.5, wait_max=min(5.0, seconds / 4), wait_jitter=0.5
    )


def _tell(details: RetryDetails) -> None:
    """Log a retry. Of errors that are not ours only the kind: their text may hold a secret."""
    cause = details.caused_by
    why = cause.message if isinstance(cause, EtlError) else type(cause).__name__
    log.warning("trying again in %.0f s (failed %d times): %s", details.wait_for, details.retry_num, why)


set_on_retry_hooks([_tell])
