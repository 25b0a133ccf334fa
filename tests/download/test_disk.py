"""A disk that is full, or will be."""

import os
import re
import shutil
import subprocess
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.download.company import Company

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def small(company: Company) -> Iterator[Company]:
    """Give a company whose data folder is a disk of 2 MB, with a committed run."""
    company.data.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", company.data], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a small disk can be mounted by root alone")
    try:
        company.query("orders", "SELECT 1 AS id")
        company.done()
        yield company
    finally:
        subprocess.run(["umount", company.data], check=True)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_night_that_the_disk_has_no_room_for_is_not_begun(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the planner's guess, or by the last run's size, times what a night writes; a person may know better."""
    company.query("orders", "SELECT g AS id, repeat('x', 100)::char(100) AS text FROM generate_series(1, 100000) g")
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 10**9, 10**6))
        ended = company.download()
    assert ended.code == 3
    assert re.search(r"night:disk: the night needs about 0\.2 GB.*guess at the rows of orders", ended.err)
    assert "Free space, or lower KEEP_RUNS" in ended.err
    assert not company.store.raw.folder.exists()
    [accept] = re.findall(r"--accept (\S+)", ended.err)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 10**9, 10**6))
        accepted = company.done("--accept", accept).accepted
    assert list(accepted) == ["night:disk"]
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 10**9, 2 * company.table("orders").bytes))
        assert company.download().code == 3
        patch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 10**9, 3 * company.table("orders").bytes))
        assert company.download().code == 0


def test_a_wild_guess_of_the_planner_is_forgotten_after_the_first_run(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A night is not refused for rows that never came."""
    company.query(
        "orders", "SELECT a AS id FROM generate_series(1, 3) a, generate_series(1, a) b, generate_series(1, a) c"
    )
    company.done()
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**6, 0, 10_000))
    company.done()


def test_a_damaged_last_run_is_no_obstacle_to_a_new_one(company: Company) -> None:
    """Its sizes are then not known, that is all."""
    company.query("orders", "SELECT 1 AS id")
    first = company.done().run
    (company.store.raw.path(first) / "manifest.json").write_text("{")
    assert company.done().run > first


FULL = "SELECT g AS id, repeat(chr(64), {})::text AS text FROM generate_series(1, {}) g"


@pytest.mark.parametrize("query", [FULL.format(10, 300_000), FULL.format(3_000_000, 1), FULL.format(60_000, 50)])
def test_a_disk_that_fills_up_ends_the_download_with_a_sentence(small: Company, query: str) -> None:
    """Exit code 1, whether the last byte or an early one finds no room; what is committed stays, nothing else does."""
    before = files(small.data)
    small.query("orders", query)
    with small.start() as process:
        _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "Traceback" not in err
    assert err.startswith("Error: The disk is full, at ")
    assert "/orders.csv: " in err
    assert files(small.data) == before
    small.query("orders", "SELECT 2 AS id")
    small.done()
    assert small.rows("orders") == [{"id": 2}]


@pytest.mark.parametrize("left", [1, 4097, 12_289])
def test_the_last_bytes_of_a_disk_are_not_lost_silently(small: Company, left: int) -> None:
    """A file that only just does not fit is no committed file."""
    free = shutil.disk_usage(small.data).free
    small.query("orders", f"SELECT 1 AS id, repeat('x', {free + left})")
    ended = small.download()
    assert ended.code == 1
    assert len(small.store.raw.committed()) == 1


def test_a_folder_that_cannot_be_written_is_a_sentence(small: Company) -> None:
    """It names the file and what to look at."""
    subprocess.run(["mount", "-o", "remount,ro", small.data], check=True)
    ended = small.download()
    assert ended.code == 1
    assert ended.err.startswith(f"Error: A file could not be used, {small.data}/lock")
    assert "Look at its folder's owner and permissions." in ended.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_a_sentence(company: Company) -> None:
    """It names the file and what to look at."""
    company.query("orders", "SELECT 1 AS id")
    company.done()
    company.store.raw.folder.chmod(0o500)
    try:
        ended = company.download()
    finally:
        company.store.raw.folder.chmod(0o700)
    assert ended.code == 1
    assert "Look at its folder's owner and permissions." in ended.err
