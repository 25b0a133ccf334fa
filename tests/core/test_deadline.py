"""A call has one deadline over all that it does."""

import socket
import threading
import time

import pytest
import requests

from etl.core.deadline import within


def test_a_call_gives_what_it_gives_and_raises_what_it_raises() -> None:
    """As if it had been made here."""
    assert within(5, lambda: 7) == 7
    assert within(5, lambda: None) is None
    with pytest.raises(ZeroDivisionError):
        within(5, lambda: 1 / 0)


def test_an_answer_that_drips_is_given_up() -> None:
    """Each byte comes in time, and the answer never ends: a time-out of the socket would never come."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        ended = threading.Event()

        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
                while not ended.wait(0.05):
                    connection.sendall(b"x")

        dripping = threading.Thread(target=drip)
        dripping.start()
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            within(0.5, lambda: requests.get(f"http://127.0.0.1:{server.getsockname()[1]}/", timeout=(5, 5)))
        assert time.monotonic() - began < 3
        ended.set()
        dripping.join()
