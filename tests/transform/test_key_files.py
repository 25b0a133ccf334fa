"""The hashes of keys on the disk: what occurs twice in all blocks together is found, some of the hashes at a time."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.transform.key_files import doubles, write_hashes

MOST = 2**64 - 1
HASHES = st.integers(0, MOST) | st.sampled_from([1, 2, 2**56 - 1, 2**56, 2**63, MOST - 1, MOST])


@given(
    blocks=st.lists(st.lists(HASHES, max_size=8), min_size=1, max_size=6), at_once=st.sampled_from([1, 3, 2_000_000])
)
def test_doubles_are_those_that_counting_finds(
    tmp_path_factory: pytest.TempPathFactory, blocks: list[list[int]], at_once: int
) -> None:
    """In the same block or in several, wherever the borders of buckets are; 0 is no hash, and compared with nothing."""
    folder = tmp_path_factory.mktemp("hashes")
    paths = [folder / str(number) for number in range(len(blocks))]
    for path, block in zip(paths, blocks, strict=True):
        write_hashes(path, np.array(block, dtype=np.uint64))
    with ThreadPoolExecutor(1) as executor:
        found = doubles(paths, sum(map(len, blocks)), executor, at_once)
    counts = Counter(value for block in blocks for value in block if value)
    twice = {value for value, count in counts.items() if count > 1}
    wanted = {number: twice & set(block) for number, block in enumerate(blocks) if twice & set(block)}
    assert {number: set(hashes.tolist()) for number, hashes in found.items()} == wanted
