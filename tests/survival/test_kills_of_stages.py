"""`kill -9` of a stage's script, at any moment."""

from collections.abc import Callable

from tests.survival import campaign
from tests.survival.company import Shop
from tests.survival.kills import STAGES


def test_a_stage_may_be_killed_at_any_moment(
    published: Shop, moments: int, seed: int, record_property: Callable[[str, object], None]
) -> None:
    """No process stays, the next night needs no cleaning up, and readers see whole nights, never an older one again.

    A quarter of the moments of this suite (--moments) are these.
    """
    record_property("told", campaign.run(published, STAGES, moments // 4, seed))


def test_a_stage_of_changes_may_be_killed_at_any_moment(
    changing: Shop, moments: int, seed: int, record_property: Callable[[str, object], None]
) -> None:
    """What the killed run alone had read is read again, and the next star is built upon what is published.

    Another quarter of the moments.
    """
    record_property("told", campaign.run(changing, STAGES, moments // 4, seed))
