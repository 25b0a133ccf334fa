"""An interruption waits while a process is started: nobody could end what nobody has a handle of."""

import signal
import threading
from collections.abc import Iterator

import pytest

from etl.core.interruptions import INTERRUPTIONS, put_off


@pytest.fixture(autouse=True)
def _as_a_script_has_it() -> Iterator[None]:
    """Every interruption raises KeyboardInterrupt, as in a stage."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in INTERRUPTIONS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", INTERRUPTIONS)
def test_an_interruption_comes_when_the_block_is_through(number: signal.Signals) -> None:
    """And not a statement earlier; several are one."""
    reached = []
    with pytest.raises(KeyboardInterrupt):
        with put_off():
            signal.raise_signal(number)
            signal.raise_signal(number)
            reached.append("the end")
        reached.append("beyond")
    assert reached == ["the end"]


def test_after_the_block_interruptions_come_at_once_again() -> None:
    """The handlers are those of before."""
    with put_off():
        pass
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGTERM)


def test_what_is_ignored_stays_ignored() -> None:
    """As under nohup."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with put_off():
        signal.raise_signal(signal.SIGHUP)
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_a_thread_may_start_processes_too() -> None:
    """Handlers run in the main thread only: there is nothing to put off."""
    entered = []

    def start() -> None:
        with put_off():
            entered.append(True)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert entered
