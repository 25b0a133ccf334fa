"""Runs: each stage's results, one folder a run, committed whole or absent.

A run is written into a hidden working folder, its manifest last; then it is synced and renamed. A reader takes the
newest committed run, and nothing committed is ever changed.
"""

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from etl.core import nights
from etl.core.errors import DataError, EtlError, UsageError
from etl.core.manifest import FORMAT, LoadedManifest, Manifest, RawManifest, StarManifest

MANIFEST = "manifest.json"
_RUN_FORMAT = "%Y%m%dT%H%M%SZ"
_RUN_NAME = re.compile(r"\d{8}T\d{6}Z")

M = TypeVar("M", bound=Manifest[Any])


class Runs(Generic[M]):
    """One stage's runs beneath a data folder."""

    def __init__(self, folder: Path, model: type[M]) -> None:
        self.folder = folder
        self._model = model

    def committed(self) -> list[str]:
        """Name the committed runs, oldest first. A folder that is not named like a run is somebody else's."""
        if not self.folder.is_dir():
            return []
        return sorted(p.name for p in self.folder.iterdir() if _RUN_NAME.fullmatch(p.name) and p.is_dir())

    def path(self, run: str) -> Path:
        """Say where a committed run lies."""
        return self.folder / run

    def newest(self, made_by: str) -> M:
        """Read the newest committed run's manifest. made_by: the script to name where there is none."""
        runs = self.committed()
        if not runs:
            raise DataError(f"No run is committed in {self.folder}.", f"Run {made_by} first.")
        return self.read(runs[-1])

    def read(self, run: str) -> M:
        """Read a committed run's manifest."""
        path = self.path(run) / MANIFEST
        if not _RUN_NAME.fullmatch(run) or not self.path(run).is_dir():
            raise UsageError(f"There is no run {run} in {self.folder}.", f"Choose one of: {_listed(self.committed())}.")
        try:
            return self._model.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            raise DataError(
                f"The run {self.path(run)} has no {MANIFEST}, so it was not committed by this program.",
                "Move that folder away; every stage can be run again from the run before.",
            ) from None
        except ValidationError as error:
            raise _unreadable(path, error) from None

    def durations(self) -> list[float]:
        """Tell how long (seconds) the committed runs took that can be read and were not made for a few tables only."""
        found = []
        for run in self.committed():
            try:
                manifest = self.read(run)
            except EtlError:
                continue
            if all(getattr(table, "run", run) == run for table in manifest.tables.values()):
                found.append(manifest.seconds)
        return found

    @contextmanager
    def working(self, run: str) -> Iterator[Path]:
        """Give a fresh working folder for `run`, and remove it (and what a killed run left) unless it was committed."""
        if self.path(run).exists():
            raise DataError(
                f"The run {run} is already committed in {self.folder}.", "Let the next run have a new name."
            )
        self.remove_rubbish()
        folder = self.folder / f".{run}"
        folder.mkdir(parents=True)
        try:
            yield folder
        finally:
            if folder.exists():
                shutil.rmtree(folder)

    def commit(self, folder: Path, manifest: M, keep: int) -> None:
        """Write the manifest, sync all, rename the working folder into place; keep the newest `keep` runs."""
        (folder / MANIFEST).write_text(manifest.model_dump_json(indent=1) + "\n", encoding="utf-8")
        for path in [*folder.rglob("*"), folder]:
            sync(path)
        folder.rename(self.path(manifest.run))
        sync(self.folder)
        for run in self.committed()[:-keep]:
            shutil.rmtree(self.path(run).rename(self.folder / f".{run}"))  # hidden first: never seen half removed

    def remove_rubbish(self) -> None:
        """Remove the hidden folders of killed runs. Only the holder of the lock may call this."""
        for left in self.folder.glob(".*"):
            if _RUN_NAME.fullmatch(left.name.removeprefix(".")) and left.is_dir():
                shutil.rmtree(left)


class Store:
    """The data folder of one settings file, with the runs of the three stages."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.raw = Runs(folder / "1_raw", RawManifest)
        self.star = Runs(folder / "2_star", StarManifest)
        self.loaded = Runs(folder / "3_loaded", LoadedManifest)
        self._stages: tuple[Runs[Any], ...] = (self.raw, self.star, self.loaded)

    def new_run(self) -> str:
        """Name a run after the clock, but after every run and night there was, should the clock have been set back."""
        now = datetime.now(UTC).replace(microsecond=0)
        runs = [run for stage in self._stages for run in stage.committed()]
        runs += [run for run in nights.recorded(self.folder) if _RUN_NAME.fullmatch(run)]
        if runs:
            now = max(now, run_time(max(runs)) + timedelta(seconds=1))
        return now.strftime(_RUN_FORMAT)

    def check_version(self) -> None:
        """Refuse a data folder in which a newer version of this program worked last. Raises DataError."""
        newest = [stage.path(run) / MANIFEST for stage in self._stages for run in stage.committed()[-1:]]
        newest += [nights.file_of(self.folder, run) for run in nights.recorded(self.folder)[-1:]]
        for path in newest:
            if fault := _of_the_future(path):
                raise fault


def run_time(run: str) -> datetime:
    """Give the instant that a run is named after."""
    try:
        return datetime.strptime(run, _RUN_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        raise DataError(
            f"The folder {run!r} in the data folder is not named like a run (20300131T023000Z).", "Move it away."
        ) from None


def link(files: list[str], source: Path, target: Path) -> None:
    """Hard-link files of a committed run into a working folder."""
    for name in files:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        os.link(source / name, target / name)


def check_origin(manifest: Manifest[Any], origin: dict[str, str], where: Path) -> None:
    """Refuse a run that belongs to other sources or to another warehouse than the settings name."""
    ours, others = ({name for name in each if name.startswith("source ")} for each in (origin, manifest.origin))
    if ours and others and not ours & others:
        raise _foreign(manifest.run, where, ", ".join(sorted(others)), ", ".join(sorted(ours)))
    for name, mine in origin.items():
        theirs = manifest.origin.get(name, mine)
        if theirs != mine:
            raise _foreign(manifest.run, where, f"{name} {theirs}", mine)


def sync(path: Path) -> None:
    """Bring a file, or a folder's list of names, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _foreign(run: str, where: Path, theirs: str, mine: str) -> UsageError:
    return UsageError(
        f"The run {run} in {where} belongs to {theirs}, but the settings name {mine}.",
        "Use the settings file that it was made with, or another DATA_DIR.",
    )


def _listed(runs: list[str]) -> str:
    return ", ".join(runs) or "none is committed"


def _of_the_future(path: Path) -> DataError | None:
    """Say so where a file names a higher format than ours."""
    try:
        version = json.loads(path.read_bytes()).get("format")
    except (OSError, ValueError, AttributeError):
        return None
    if not isinstance(version, int) or version <= FORMAT:
        return None
    return DataError(
        f"{path} was written by a newer version of this program (format {version}, this one reads {FORMAT}).",
        "Update this program; nothing was touched.",
    )


def _unreadable(path: Path, error: ValidationError) -> DataError:
    if fault := _of_the_future(path):
        return fault
    where = ".".join(str(part) for part in error.errors()[0]["loc"])
    return DataError(
        f"{path} is damaged at {where or 'its start'}.", "Move that run's folder away and run its stage again."
    )
