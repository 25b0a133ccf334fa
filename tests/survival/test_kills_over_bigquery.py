"""`kill -9` of the load while it publishes into BigQuery: the emulator, through the real client."""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

import config
from config import Settings
from etl.load.open import open_warehouse
from tests.load.conftest import emulator, running  # noqa: F401 -- fixtures
from tests.load.nights import PROJECT
from tests.survival import kills
from tests.survival.company import LOOK, Shop, look_of, night_of
from tests.survival.kills import DOWNLOAD, LOAD, TRANSFORM, Moment

_SHARES = (((0.2, 0.5), (0.5, 0.7)), ((0.7, 0.85), (0.85, 1.0)))
"""Shares of a load's time, the first part of which is Python's own start: two stars, two kills each."""

_PAUSE = 0.1


@pytest.fixture
def cloud(shop: Shop, emulator: str) -> Shop:  # noqa: F811
    """Give the company, its warehouse in BigQuery, before its first load."""
    shop.settings |= {
        "WAREHOUSE": "bigquery",
        "BIGQUERY_PROJECT": PROJECT,
        "BIGQUERY_DATASET": "survival",
        "BIGQUERY_CREDENTIALS": "anonymous",
        "BIGQUERY_ENDPOINT": emulator,
        "WORKERS": "1",
    }
    return shop


def goes_well(shop: Shop, *scripts: str) -> None:
    """Run scripts, undisturbed."""
    for script in scripts:
        done = shop.run(script)
        assert done.returncode == 0, done.stderr


def look(settings: Settings) -> list[list[object]]:
    """Look once."""
    with open_warehouse(settings) as warehouse:
        return [list(row.values()) for row in warehouse.read(LOOK).to_pylist()]


@contextmanager
def reading(settings: Settings) -> Iterator[list[int]]:
    """Let a reader look over and over, and judge what it saw: whole nights, and none of them again."""
    seen: list[list[list[object]]] = []
    nights: list[int] = []
    over = threading.Event()

    def keep_looking() -> None:
        while not over.wait(_PAUSE):
            seen.append(look(settings))

    thread = threading.Thread(target=keep_looking)
    thread.start()
    try:
        yield nights
    finally:
        over.set()
        thread.join()
    nights += [night_of(rows) for rows in seen]
    assert nights == sorted(nights)
    assert nights


def test_a_load_into_bigquery_may_be_killed_at_any_moment(cloud: Shop, seed: int) -> None:
    """Its readers see whole nights, never an older one again, and run again it publishes exactly, nothing twice."""
    goes_well(cloud, DOWNLOAD, TRANSFORM)
    began = time.monotonic()
    goes_well(cloud, LOAD)
    usual, settings, rng = time.monotonic() - began, config.load(cloud.env), random.Random(seed)
    with reading(settings) as nights:
        for shares in _SHARES:
            night = cloud.next_night()
            goes_well(cloud, DOWNLOAD, TRANSFORM)
            moments = [Moment(LOAD, rng.uniform(*share) * usual) for share in shares]
            killed = [kills.kill(cloud, moment, rng) for moment in moments]
            goes_well(cloud, LOAD)
            assert look(settings) == look_of(night), f"--seed {seed}: {killed}"
    assert nights[-1] == cloud.night_number
