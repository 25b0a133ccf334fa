"""A load that was killed after it had published, and before it had kept its receipt."""

import shutil

from etl.core.runs import Store
from tests.survival.company import Shop, look_of
from tests.survival.kills import LOAD
from tests.survival.reader import look


def test_a_receipt_that_was_not_kept_is_kept_by_the_next_load(published: Shop) -> None:
    """Its own advice, to run it again, is true: the guards, `status` and --due need that receipt."""
    loaded = Store(published.data).loaded
    shutil.rmtree(loaded.path(*loaded.committed()))
    again = published.run(LOAD)
    assert again.returncode == 0, again.stderr
    assert len(loaded.committed()) == 1
    assert look(published.data / "warehouse.duckdb") == look_of(1)
    idle = published.run(LOAD)
    assert "there is nothing to do" in idle.stderr
    assert len(loaded.committed()) == 1
