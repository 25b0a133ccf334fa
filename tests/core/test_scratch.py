"""Temporary files: gone with their block, and what a killed process left is gone with the next one."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from config.paths import ROOT
from etl.core.scratch import remove_left, scratch_folder
from etl.core.whole import write_whole

KILLED = """
import os, signal, sys
from pathlib import Path
from etl.core import whole
from etl.core.scratch import scratch_folder
whole.sync = os.sync
with scratch_folder() as folder:
    (folder / "spilled").touch()
    os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)
    whole.write_whole(Path(sys.argv[1]), "new")
"""


def test_what_a_killed_process_left_the_next_one_removes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half written files beside their places, and folders where the system keeps what is temporary."""
    file, places = tmp_path / "data" / "dash[board].html", tmp_path / "tmp"
    file.parent.mkdir()
    places.mkdir()
    file.write_text("old")
    command = [sys.executable, "-c", KILLED, str(file)]
    killed = subprocess.run(command, cwd=ROOT, env=os.environ | {"TMPDIR": str(places)}, check=False, timeout=60)
    assert killed.returncode == -9
    assert (len(list(file.parent.iterdir())), len(list(places.iterdir()))) == (2, 1)
    assert file.read_text() == "old"
    monkeypatch.setattr(tempfile, "tempdir", str(places))
    write_whole(file, "new")
    with scratch_folder() as folder:
        assert list(places.iterdir()) == [folder]
    assert (list(file.parent.iterdir()), list(places.iterdir())) == ([file], [])
    assert file.read_text() == "new"


def test_what_is_of_others_stays(tmp_path: Path) -> None:
    """Of processes that live, and what only looks like ours; of a link the target."""
    (tmp_path / "theirs").mkdir()
    kept = [f"x.{os.getpid()}.a", f"x.{os.getppid()}.a", "x.1", "x.a.b", "x.html", "x", "y.99999999.a"]
    for name in [*kept, "x.99999999.a", "x.99999999"]:
        (tmp_path / name).touch()
    (tmp_path / "x.99999998").symlink_to(tmp_path / "theirs")
    remove_left(tmp_path, "x")
    assert {path.name for path in tmp_path.iterdir()} == {*kept, "theirs"}
