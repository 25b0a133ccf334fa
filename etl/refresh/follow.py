"""A refresh from the asking to its end.

It is asked for once: where it is not known whether it began, the history tells, and it is never asked for again. Where
another one is under way, which may have read older data, ours comes after it.
"""

from typing import Any

import requests

from etl.core.errors import RefreshError
from etl.core.log import log
from etl.refresh.answers import Refresh
from etl.refresh.service import BusyError, Service
from etl.refresh.target import Target
from etl.refresh.waiting import PatienceError, Waiting

LAG = 60.0
"""Seconds after which the service knows a refresh that it has accepted; at first it may not."""
_LONGEST = 24 * 3600 - 60
"""Seconds that the service lets a refresh take at the most."""


def refresh(target: Target) -> float:
    """Refresh the dataset and wait for the end; gives how many seconds it took. Raises RefreshError."""
    waiting = Waiting(target.patience)
    with requests.Session() as session:
        service = Service(target, session, waiting)
        enhanced = service.is_dedicated()
        begun = _begun(service, waiting, enhanced=enhanced)
        log.info("refresh: Power BI has begun (%s, %s).", "enhanced" if enhanced else "standard", begun)
        try:
            _followed(service, waiting, begun, enhanced=enhanced)
        except PatienceError as error:
            raise _given_up(service, error, begun, enhanced=enhanced) from None
    return waiting.took


def _begun(service: Service, waiting: Waiting, *, enhanced: bool) -> str:
    """Ask for a refresh, after every other one; gives its id."""
    while True:
        known = {entry.id for entry in service.history()}
        try:
            if begun := service.begin(_body(waiting, enhanced=enhanced)):
                return begun
            lost = RefreshError("Power BI accepted a refresh without naming it, and its history has none.")
        except BusyError:
            _await_others(service, waiting)
            continue
        except RefreshError as error:
            if not error.transient:
                raise
            lost = RefreshError(f"{error.message} Its history has no sign of it.", error.hint)
        if begun := _appeared(service, waiting, known):
            return begun
        raise lost


def _body(waiting: Waiting, *, enhanced: bool) -> dict[str, Any]:
    """Return what is asked for. Enhanced: all tables in one transaction, so that readers see one night."""
    if not enhanced:
        return {"notifyOption": "NoNotification"}  # a shared capacity takes no other parameter
    minutes, seconds = divmod(int(min(max(waiting.left, 60), _LONGEST)), 60)
    timeout = f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"
    return {
        "type": "full",
        "commitMode": "transactional",
        "applyRefreshPolicy": True,
        "retryCount": 1,
        "timeout": timeout,
    }


def _await_others(service: Service, waiting: Waiting) -> None:
    """Wait until the newest refresh has ended."""
    while True:
        waiting.pause("another refresh of the dataset has been under way")
        newest = next(iter(service.history()), None)
        if newest is None or not newest.under_way:
            return


def _appeared(service: Service, waiting: Waiting, known: set[str]) -> str:
    """Find a refresh in the history that was not there before, and that no schedule began; gives its id, or nothing."""
    end = waiting.took + min(LAG, waiting.left)
    while True:
        ours = [entry.id for entry in service.history() if entry.id not in known and not entry.is_scheduled]
        if ours or waiting.took >= end:
            return next(iter(ours), "")
        waiting.pause("the history has been without the refresh")


def _followed(service: Service, waiting: Waiting, begun: str, *, enhanced: bool) -> None:
    """Wait until a refresh has ended. Raises RefreshError unless it went well."""
    known_by = waiting.took + LAG
    while True:
        state: Refresh | None = service.state(begun, enhanced=enhanced)
        if state is None and waiting.took > known_by:
            raise RefreshError(f"Power BI does not know the refresh {begun} that it has accepted.")
        if state and not state.under_way:
            state.check()
            return
        waiting.pause("the refresh has been under way")


def _given_up(service: Service, error: PatienceError, begun: str, *, enhanced: bool) -> RefreshError:
    """Return what becomes of a refresh that takes too long: the next night must not publish while it reads."""
    if enhanced and service.cancel(begun):
        end = "It was cancelled."
    else:
        end = "It goes on in Power BI" + (", where it could not be cancelled." if enhanced else ".")
    return RefreshError(
        f"{error.message} {end}",
        "Look at the refresh history in the dataset's settings in Power BI, or raise POWERBI_PATIENCE.",
    )
