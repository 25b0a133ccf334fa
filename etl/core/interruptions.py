"""What interrupts a process, and where it must wait."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

INTERRUPTIONS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""The signals that end a process in order."""


@contextmanager
def put_off() -> Iterator[None]:
    """Let an interruption wait for the block's end.

    As long as a process is started, nobody has its handle: an exception from a signal's handler would leave it running,
    and it would go on after us.
    """
    if threading.current_thread() is not threading.main_thread():  # handlers run in the main one only
        yield
        return
    heard: list[int] = []
    before = {
        number: handler
        for number in INTERRUPTIONS
        if callable(handler := signal.getsignal(number))  # the others end us without an exception, or not at all
    }
    for number in before:
        signal.signal(number, lambda caught, _frame: heard.append(caught))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if heard:
            signal.raise_signal(heard[0])
