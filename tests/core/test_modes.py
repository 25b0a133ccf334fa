"""Who may read what is written: its owner, whatever the umask; what a person has arranged otherwise stays."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from config.paths import ROOT
from etl.core.modes import keep_mode, private, shared
from etl.core.whole import write_whole
from tests.night.company import Company

SCRIPTS = ("SQLDownloadMain.py", "TablesTransformMain.py", "LoadFilesBQ.py")


def modes(folder: Path) -> dict[str, int]:
    """Give the mode of everything beneath a folder."""
    return {str(path.relative_to(folder)): stat.S_IMODE(path.stat().st_mode) for path in [folder, *folder.rglob("*")]}


def by_hand(company: Company) -> None:
    """Run the stages with the usual umask of a login."""
    for script in SCRIPTS:
        command = [sys.executable, str(ROOT / script), "--env", str(company.env)]
        subprocess.run(command, check=True, umask=0o022, capture_output=True, timeout=120)


def test_stages_run_by_hand_write_for_their_owner_and_keep_what_a_person_arranged(tmp_path: Path) -> None:
    """Folders, files and warehouse are closed under umask 022; one that was opened to a group stays open to it."""
    company = Company(tmp_path)
    by_hand(company)
    warehouse = company.data / "warehouse.duckdb"
    assert warehouse.is_file()
    assert {name: mode for name, mode in modes(company.data).items() if mode & 0o077} == {}
    warehouse.chmod(0o640)
    os.chown(warehouse, -1, os.getgroups()[-1] if os.geteuid() else 12345)
    group = warehouse.stat().st_gid
    company.rows(11)
    by_hand(company)
    assert (stat.S_IMODE(warehouse.stat().st_mode), warehouse.stat().st_gid) == (0o640, group)
    assert company.published() == [(1, 11)]


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o027, 0o077])
def test_a_block_is_private_and_what_is_for_others_is_as_the_caller_has_it(tmp_path: Path, mask: int) -> None:
    """And the umask is the caller's again afterwards."""
    before = os.umask(mask)
    try:
        with private():
            (tmp_path / "own").touch()
            with shared():
                (tmp_path / "shared").touch()
            write_whole(tmp_path / "page", "x", shared=True)
            write_whole(tmp_path / "note", "x")
        (tmp_path / "later").touch()
    finally:
        assert os.umask(before) == mask
    found = modes(tmp_path)
    assert (found["own"], found["note"]) == (0o600, 0o600)
    assert {found[name] for name in ("shared", "page", "later")} == {0o666 & ~mask}


@pytest.mark.parametrize("mode", [0o640, 0o644, 0o600, 0o444])
@pytest.mark.parametrize("is_shared", [True, False])
def test_a_file_that_is_replaced_keeps_its_mode(tmp_path: Path, mode: int, is_shared: bool) -> None:
    """Whoever was let read it can read the next one."""
    page = tmp_path / "page.html"
    page.write_text("old")
    page.chmod(mode)
    write_whole(page, "new", shared=is_shared)
    assert (page.read_text(), stat.S_IMODE(page.stat().st_mode)) == ("new", mode)
    assert not keep_mode(tmp_path / "none", page)
