"""A limit of the rate at which a source is read, over all its connections."""

import threading
import time


class Throttle:
    """Lets bytes pass at no more than a rate. per_second: bytes; None for no limit."""

    def __init__(self, per_second: float | None) -> None:
        self._per_second = per_second
        self._lock = threading.Lock()
        self._free_at = 0.0

    def take(self, count: int) -> None:
        """Wait until `count` bytes more may have passed."""
        if not self._per_second:
            return
        with self._lock:
            now = time.monotonic()
            begins = max(self._free_at, now)
            self._free_at = begins + count / self._per_second
        time.sleep(begins - now)
