"""A campaign: kills drawn by a seed, some in a row, then a night that has to go well, and a reader who looks on."""

import random
import time
from collections import Counter
from collections.abc import Sequence

from etl.core.runs import Store
from tests.survival import kills
from tests.survival.company import Shop, look_of
from tests.survival.kills import DOWNLOAD, LOAD, TRANSFORM, WORKER, Killed
from tests.survival.reader import look, reading

_IN_A_ROW = (1, 2, 3, 4)


def run(shop: Shop, kinds: Sequence[str], count: int, seed: int) -> str:
    """Kill `count` times; gives what happened, in a line. Raises AssertionError, which names the seed and the kill."""
    rng, began = random.Random(f"{seed} {kinds}"), time.monotonic()
    moments = kills.draw(rng, kinds, kills.usual_seconds(shop), count)
    told: list[Killed] = []
    said = ""
    try:
        with reading(shop.data / "warehouse.duckdb", shop.folder / "seen") as read:
            while len(told) < count:
                for moment in moments[len(told) : len(told) + rng.choice(_IN_A_ROW)]:
                    said = f"kill {len(told) + 1}: {moment}"
                    told.append(_killed(shop, moment, rng))
                said += ", and the next night"
                _recover(shop)
        said = "what the reader saw"
        assert read.nights[-1] == shop.night_number
        said = "of what its nights were made"
        shop.see()
    except AssertionError as fault:
        raise AssertionError(f"--seed {seed} --moments {count}, {said}: {fault}") from fault
    by_kind = dict(Counter(killed.moment.kind for killed in told))
    alive, half = sum(killed.alive for killed in told), sum(killed.half for killed in told)
    return (
        f"seed {seed}: {count} kills {by_kind}, {alive} hit a living process, {half} left half a run;"
        f" {read.looks} looks saw {len(read.nights)} nights; {time.monotonic() - began:.0f} s"
    )


def _killed(shop: Shop, moment: kills.Moment, rng: random.Random) -> Killed:
    """Kill once, at work on a night of its own, and see what is left."""
    shop.next_night()
    if moment.kind == LOAD:
        for script in (DOWNLOAD, TRANSFORM):
            done = shop.run(script)
            assert done.returncode == 0, done.stderr
    before = Store(shop.data).star.committed()
    killed = kills.kill(shop, moment, rng)
    kills.only_whole_runs(shop.data)
    if killed.alive and moment.kind != WORKER:
        assert killed.code == -9
    if killed.alive and moment.kind == WORKER and killed.code:  # else it had given its last result already
        assert (killed.code, "Error: A worker process was killed" in killed.said) == (1, True), killed.said
        assert Store(shop.data).star.committed() == before
        assert not list((shop.data / "2_star").glob(".*"))
    return killed


def _recover(shop: Shop) -> None:
    """Run a night, with nothing cleaned up before: it publishes its own rows, and nothing of the killed is left."""
    night = shop.next_night()
    done = shop.run("night")
    assert done.returncode == 0, done.stderr
    assert look(shop.data / "warehouse.duckdb") == look_of(night)
    left = kills.left_behind(shop.data)
    assert left == [], left
    kills.only_whole_runs(shop.data)
