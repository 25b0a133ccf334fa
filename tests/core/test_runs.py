"""Runs: committed whole or absent, whatever happens, and never changed."""

import errno
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

import pytest

from config.paths import ROOT
from etl import __version__
from etl.core.errors import DataError, EtlError, UsageError
from etl.core.folders import link
from etl.core.manifest import FORMAT, LoadedManifest
from etl.core.runs import MANIFEST, Runs, Store, check_origin, run_time

AS_OF = datetime(2031, 5, 18, 2, 30, tzinfo=UTC)


@pytest.fixture
def runs(tmp_path: Path) -> Runs[LoadedManifest]:
    return Runs(tmp_path / "3_loaded", LoadedManifest)


def manifest(run: str, origin: dict[str, str] | None = None) -> LoadedManifest:
    return LoadedManifest(
        run=run,
        stage="loaded",
        made_from=None,
        origin=origin or {},
        as_of=AS_OF,
        tables={},
        seconds=1,
        peak_memory_mb=1,
    )


def commit(runs: Runs[LoadedManifest], run: str, keep: int = 7, text: str = "x") -> None:
    with runs.working(run) as folder:
        (folder / "deep").mkdir()
        (folder / "deep" / "file.csv").write_text(text)
        runs.commit(folder, manifest(run), keep)


def test_a_run_is_seen_when_it_is_whole_and_not_before(runs: Runs[LoadedManifest]) -> None:
    """A reader finds the newest committed run, with its manifest and its files."""
    with runs.working("20300101T000000Z") as folder:
        (folder / "file.csv").write_text("half")
        assert runs.committed() == []
        runs.commit(folder, manifest("20300101T000000Z"), keep=7)
    assert runs.newest("").run == "20300101T000000Z"
    assert (runs.path("20300101T000000Z") / "file.csv").read_text() == "half"


def test_a_run_that_fails_is_absent(runs: Runs[LoadedManifest]) -> None:
    """Nothing of it stays."""
    with pytest.raises(ZeroDivisionError), runs.working("20300101T000000Z") as folder:
        (folder / "file.csv").write_text("half")
        raise ZeroDivisionError
    assert list(runs.folder.iterdir()) == []


def test_the_newest_runs_are_kept(runs: Runs[LoadedManifest]) -> None:
    """As many as KEEP_RUNS says; they are the backups."""
    for day in range(1, 6):
        commit(runs, f"2030010{day}T000000Z", keep=3)
    assert runs.committed() == [f"2030010{day}T000000Z" for day in (3, 4, 5)]


def test_what_is_committed_is_never_written_again(runs: Runs[LoadedManifest]) -> None:
    """A second run of the same name is refused."""
    commit(runs, "20300101T000000Z")
    with pytest.raises(DataError, match="is already committed"), runs.working("20300101T000000Z"):
        pass


KILLED_AT_EVERY_STEP = """
import hashlib, json, os, shutil, signal, sys
from itertools import count
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from tests.core.test_runs import commit, LoadedManifest, Runs

def die_at(n):
    left = iter(range(n - 1))
    def mortal(function):
        def called(*arguments, **options):
            if next(left, None) is None:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*arguments, **options)
        return called
    for place, name in ((os, "fsync"), (os, "rmdir"), (os, "unlink"), (Path, "rename"), (Path, "write_text")):
        setattr(place, name, mortal(getattr(place, name)))

def committed(runs):
    return {run: [hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(runs.path(run).rglob("*")) if p.is_file()]
            for run in runs.committed()}

seen = []
for n in count(1):
    runs = Runs(Path(sys.argv[1]) / str(n), LoadedManifest)
    for day in (1, 2):
        commit(runs, f"2030010{day}T000000Z", text=str(day))
    before = committed(runs)
    child = os.fork()
    if not child:
        die_at(n)
        commit(runs, "20300103T000000Z", keep=2, text="3")
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    after = committed(runs)
    readable = [runs.read(run).run for run in after]
    commit(runs, "20300104T000000Z", keep=9)
    seen.append({"before": before, "after": after, "readable": readable, "killed": status != 0,
                 "left": [p.name for p in runs.folder.glob(".*")]})
    if status == 0:
        break
print(json.dumps(seen))
"""


def test_killed_at_any_step_of_a_commit_a_run_is_whole_or_absent(tmp_path: Path) -> None:
    """Every committed run is readable and unchanged, the one being removed included; the next removes the rubbish."""
    command = [sys.executable, "-c", KILLED_AT_EVERY_STEP, str(tmp_path), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    cases = json.loads(done.stdout)
    assert len(cases) > 8
    assert [case["killed"] for case in cases] == [True] * (len(cases) - 1) + [False]
    for case in cases:
        assert case["readable"] == list(case["after"])
        assert all(case["after"][run] == files for run, files in case["before"].items() if run in case["after"])
        assert "20300102T000000Z" in case["after"]
        assert all(len(files) == 2 for files in case["after"].values())
        assert case["left"] == []
    assert "20300103T000000Z" not in cases[0]["after"]
    assert list(cases[-1]["after"]) == ["20300102T000000Z", "20300103T000000Z"]


def test_what_is_not_named_like_a_run_is_somebody_elses(runs: Runs[LoadedManifest]) -> None:
    """It is neither read, nor counted, nor removed, and is no obstacle."""
    strangers = ["0_old", "20300101T000000Z.bak", "backup", ".keep", ".DS_Store.d"]
    for name in strangers:
        (runs.folder / name).mkdir(parents=True)
    (runs.folder / ".DS_Store").write_text("")
    for day in (1, 2):
        commit(runs, f"2030010{day}T000000Z", keep=1)
    assert runs.committed() == ["20300102T000000Z"]
    assert {path.name for path in runs.folder.iterdir()} == {*strangers, ".DS_Store", "20300102T000000Z"}


def fault(runs: Runs[LoadedManifest], run: str | None = None) -> str:
    with pytest.raises(EtlError) as caught:
        runs.read(run) if run else runs.newest("SomeMain.py")
    return f"{caught.value.message} {caught.value.hint}"


def test_where_there_is_no_run_the_script_that_makes_one_is_named(runs: Runs[LoadedManifest]) -> None:
    """Whether the folder exists or not."""
    assert "Run SomeMain.py first." in fault(runs)


def test_a_run_that_is_not_there_is_answered_with_those_that_are(runs: Runs[LoadedManifest]) -> None:
    """Exit code 2: it was named on the command line."""
    commit(runs, "20300101T000000Z")
    for name in ("20300102T000000Z", "../loaded"):
        assert "Choose one of: 20300101T000000Z." in fault(runs, name)
    with pytest.raises(UsageError):
        runs.read("20300102T000000Z")


def test_a_run_without_a_manifest_is_no_run_of_ours(runs: Runs[LoadedManifest]) -> None:
    """It is refused, with what to do."""
    (runs.folder / "20300101T000000Z").mkdir(parents=True)
    assert "has no manifest.json, so it was not committed by this program. Move that folder away" in fault(runs)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"format": FORMAT + 1, "engine": ""},
            f"a newer version of this program (format {FORMAT + 1}; this is {__version__}, which reads formats up to"
            f" {FORMAT}).",
        ),
        ({"format": FORMAT + 1, "tables": 7, "new": 1}, "was written by a newer version"),
        ({"as_of": "yesterday"}, "is damaged at as_of."),
        ({"colour": "red"}, "is damaged at colour."),
        ({"tables": {"a": {}}}, "is damaged at tables.a.star."),
    ],
)
def test_a_manifest_that_is_not_ours_is_refused(
    runs: Runs[LoadedManifest], change: dict[str, object], said: str
) -> None:
    """One of the future by its version, another by the first field that is wrong."""
    commit(runs, "20300101T000000Z")
    file = runs.path("20300101T000000Z") / MANIFEST
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    assert said in fault(runs)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "\0", '{"format": "x"}'])
def test_a_damaged_manifest_is_refused(runs: Runs[LoadedManifest], text: str) -> None:
    """In a sentence, with what to do."""
    commit(runs, "20300101T000000Z")
    (runs.path("20300101T000000Z") / MANIFEST).write_text(text)
    assert "is damaged at " in fault(runs)
    assert "run the night again" in fault(runs)


def test_a_run_is_named_after_every_other_whatever_the_clock_says(tmp_path: Path) -> None:
    """The newest run by name is the newest by time, in all three stages, although the clock was set back."""
    store = Store(tmp_path)
    first = store.new_run()
    assert abs(run_time(first) - datetime.now(UTC)) < timedelta(seconds=5)
    commit(store.loaded, "20991231T235959Z")
    assert store.new_run() == "21000101T000000Z"


def test_runs_of_another_origin_are_refused() -> None:
    """A source or a warehouse that the settings do not name; one that the run does not know is no contradiction."""
    found = manifest("20300101T000000Z", {"source shop": "postgresql://a/x", "warehouse": "duckdb:w"})
    check_origin(found, {"source shop": "postgresql://a/x", "source other": "b", "warehouse": "duckdb:w"}, Path("data"))
    with pytest.raises(UsageError, match="belongs to source shop postgresql://a/x, but the settings name"):
        check_origin(found, {"source shop": "postgresql://b/x"}, Path("data"))


def test_a_linked_file_is_the_same_file(tmp_path: Path) -> None:
    """No bytes are copied."""
    (tmp_path / "old" / "deep").mkdir(parents=True)
    (tmp_path / "old" / "deep" / "a.csv").write_text("x")
    (tmp_path / "new").mkdir()
    link(["deep/a.csv"], tmp_path / "old", tmp_path / "new")
    assert (tmp_path / "new" / "deep" / "a.csv").samefile(tmp_path / "old" / "deep" / "a.csv")


@pytest.fixture
def other_disk() -> Iterator[Path]:
    """Give a folder on another disk than those of tests."""
    ours, places = Path(tempfile.gettempdir()).stat().st_dev, ("/dev/shm", "/var/tmp")  # noqa: S108 -- in one of them
    other = next((place for place in places if Path(place).is_dir() and Path(place).stat().st_dev != ours), None)
    if other is None:
        pytest.skip("there is no second disk")
    with tempfile.TemporaryDirectory(dir=other) as folder:
        yield Path(folder)


def test_a_run_that_was_moved_to_another_disk_is_one_still(
    runs: Runs[LoadedManifest], other_disk: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """With a link in its place: it is read, its files are kept on as copies; in its turn the link is removed alone."""
    commit(runs, "20300101T000000Z", text="first")
    moved = Path(shutil.move(runs.path("20300101T000000Z"), other_disk))
    runs.path(moved.name).symlink_to(moved)
    assert runs.newest("").run == moved.name
    with runs.working("20300102T000000Z") as folder:
        link(["deep/file.csv"], runs.path(moved.name), folder)
        runs.commit(folder, manifest("20300102T000000Z"), keep=1)
    assert runs.committed() == ["20300102T000000Z"]
    assert (runs.path("20300102T000000Z") / "deep/file.csv").read_text() == "first"
    assert (moved / "deep/file.csv").read_text() == "first"
    assert f"what it leads to stays: {moved}" in caplog.text
    (runs.folder / ".20300103T000000Z").symlink_to(other_disk / "gone")  # left by a run that was killed meanwhile
    commit(runs, "20300104T000000Z")
    assert {path.name for path in runs.folder.iterdir()} == {"20300102T000000Z", "20300104T000000Z"}


def test_a_file_that_lies_on_another_disk_is_copied(tmp_path: Path, other_disk: Path) -> None:
    """Where a person has moved a large file alone: the new run has it, and no link that may break."""
    (other_disk / "large.csv").write_text("rows")
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
    (tmp_path / "old/large.csv").symlink_to(other_disk / "large.csv")
    link(["large.csv"], tmp_path / "old", tmp_path / "new")
    (other_disk / "large.csv").unlink()
    assert (tmp_path / "new/large.csv").read_text() == "rows"


def test_a_run_that_cannot_be_removed_fails_none(runs: Runs[LoadedManifest], caplog: pytest.LogCaptureFixture) -> None:
    """It is told, each time; what was done is committed."""

    def refuse(run: str) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), runs.path(run))

    commit(runs, "20300101T000000Z")
    with mock.patch.object(runs._way, "remove", refuse):
        commit(runs, "20300102T000000Z", keep=1)
    assert runs.newest("").run == "20300102T000000Z"
    assert "20300101T000000Z cannot be removed: Permission denied" in caplog.text
