"""Calls that may never end: a server that sends a byte now and then keeps every time-out of a socket from coming."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


def within(seconds: float, call: Callable[[], T]) -> T:
    """Return what the call returns, or raise what it raises. Raises TimeoutError when it takes longer.

    Its thread is then left behind, with whoever does not end an answer.
    """
    found: list[T] = []
    raised: list[BaseException] = []

    def work() -> None:
        try:
            found.append(call())
        except BaseException as error:  # handed on to who waits
            raised.append(error)

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    worker.join(seconds)
    if raised:
        raise raised[0]
    if not found:
        raise TimeoutError
    return found[0]


@contextmanager
def after(seconds: float, action: Callable[[], None]) -> Iterator[None]:
    """Run an action in a thread of its own if the block takes longer; it is not under way when the block has ended."""
    timer = threading.Timer(seconds, action)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
