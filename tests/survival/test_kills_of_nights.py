"""`kill -9` of the whole night, and of a worker process alone, at any moment."""

from collections.abc import Callable

from tests.survival import campaign
from tests.survival.company import Shop
from tests.survival.kills import WHOLE, WORKER


def test_a_night_or_a_worker_may_be_killed_at_any_moment(
    published: Shop, moments: int, seed: int, record_property: Callable[[str, object], None]
) -> None:
    """A night takes its stage and workers with it; of a worker's death its stage tells, and commits nothing.

    Half of the moments of this suite (--moments) are these.
    """
    record_property("told", campaign.run(published, (WHOLE, WORKER), moments - moments // 2, seed))
