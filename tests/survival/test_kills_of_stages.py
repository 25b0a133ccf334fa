"""`kill -9` of a stage's script, at any moment."""

from collections.abc import Callable

from tests.survival import campaign
from tests.survival.company import Shop
from tests.survival.kills import STAGES


def test_a_stage_may_be_killed_at_any_moment(
    published: Shop, moments: int, seed: int, record_property: Callable[[str, object], None]
) -> None:
    """No process stays, the next night needs no cleaning up, and readers see whole nights, never an older one again.

    Half of the moments of this suite (--moments) are these.
    """
    record_property("told", campaign.run(published, STAGES, moments // 2, seed))
