"""Nights by what changed, in chains of events drawn by a seed: readers see what nights that read all rows would show.

`python -m tests.changes.campaign` does so for hours; `--chains` and `--chains-seed` are how many are run here, and of
which campaign.

| events | what must not matter |
|---|---|
| rows inserted, updated, deleted, backdated | that only what changed was read |
| rows without a watermark that change | that nothing tells of it |
| keys and groups moved, members that come late, prices that facts look up | whose rows hang on the change |
| a table file changed | that the rows it reads did not |
| days pass, and rows leave the published window | that nobody wrote them |
| a transaction that is open for nights | that its rows have old watermarks |
| nights killed in each stage, refused by a guard, missed, undone, in full | upon which night the next one stands |
"""

import random
from collections.abc import Callable
from itertools import islice, pairwise

import pytest

from tests.changes import campaign
from tests.changes.chain import KINDS, Seen
from tests.changes.events import make_database


@pytest.fixture(scope="module")
def database(postgres_server: str) -> str:
    """Give the URL of a database with a clock of its own."""
    return make_database(postgres_server, "nights")


def test_what_is_published_is_what_all_rows_would_give(
    database: str, request: pytest.FixtureRequest, record_property: Callable[[str, object], None]
) -> None:
    """Every table and column, surrogate keys included, and what is counted: after every event, whatever came before."""
    asked = request.config.getoption("--chains-seed")
    seed = random.SystemRandom().randrange(1_000_000) if asked is None else int(asked)
    count, seen = int(request.config.getoption("--chains")), Seen()
    for chained in islice(campaign.chains(seed), count):
        seen += campaign.run(chained, database)
    campaign.check(seen, count)
    record_property("told", f"seed {seed}: {campaign.told(seen)}")


def test_chains_have_each_two_kinds_of_events_in_a_row() -> None:
    """Also one kind twice: a round proves no less than it says."""
    rows = campaign.around(KINDS)
    pairs = [pair for row in rows for pair in pairwise(row)]
    assert len(pairs) == len(set(pairs)) == len(KINDS) ** 2
