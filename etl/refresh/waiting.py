"""Waiting for a service: how long yet, in which pauses, and a line of the log now and then."""

import time

from etl.core.errors import RefreshError
from etl.core.log import log

_LEAST, _MOST, _SHARE = 0.2, 30.0, 0.2
"""A pause lasts a fifth of what was waited before, within these seconds."""

_FIRST_LINE = 2.0
"""Seconds after which the log is told for the first time; after that, whenever the time has doubled."""


class PatienceError(RefreshError):
    """It took longer than the setting allows."""


class Waiting:
    """The patience for one refresh."""

    def __init__(self, seconds: float) -> None:
        self._began, self._seconds, self._line = time.monotonic(), seconds, _FIRST_LINE

    @property
    def took(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self._began

    @property
    def left(self) -> float:
        """Seconds that are left."""
        return self._seconds - self.took

    def pause(self, what: str, least: float = 0) -> None:
        """Sleep a while, the longer the longer it has taken. what: what is waited for, a clause; least: seconds.

        Raises PatienceError; but not before somebody looked once more when no time was left.
        """
        if self.left <= 0:
            raise PatienceError(f"{what} for {self.took:.0f} s, longer than POWERBI_PATIENCE allows.")
        if self.took >= self._line:
            log.info("refresh: %s for %.0f s.", what, self.took)
            self._line = 2 * self.took
        time.sleep(min(max(self.took * _SHARE, _LEAST, least), _MOST, max(self.left, 0)))

    def obey(self, seconds: float) -> None:
        """Sleep as long as a service wants it. Raises PatienceError where that is too long."""
        if seconds > self.left:
            raise PatienceError(
                f"Power BI has too many requests and wants a pause of {seconds:.0f} s, longer than POWERBI_PATIENCE"
                " allows."
            )
        log.warning("refresh: Power BI has too many requests: waiting %.0f s, as it asks.", seconds)
        time.sleep(seconds)
