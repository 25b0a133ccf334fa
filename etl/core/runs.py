"""Runs: each stage's results, one folder a run, committed whole or absent.

A run is written where no reader looks, its manifest last (etl.core.folders says how, on a disk and in a bucket). A
reader takes the newest committed run, and nothing committed is ever changed.
"""

import json
import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from config import Settings
from etl import __version__
from etl.core import nights
from etl.core.errors import DataError, EtlError, UsageError
from etl.core.folders import MANIFEST, RUN_NAME, create, folder_of, is_remote, way_of
from etl.core.log import log
from etl.core.manifest import FORMAT, LoadedManifest, Manifest, RawManifest, StarManifest
from etl.core.whole import write_whole

IDENTITY = "folder.id"
"""The file with a data folder's id, by which a warehouse knows whose it is."""

SCRIPTS = ("SQLDownloadMain.py", "TablesTransformMain.py", "LoadFilesBQ.py")
"""The scripts of the stages, in their order."""

_RUN_FORMAT = "%Y%m%dT%H%M%SZ"

M = TypeVar("M", bound=Manifest[Any])


class Runs(Generic[M]):
    """One stage's runs beneath a data folder. spared: names those that are never removed, however old they are."""

    def __init__(self, folder: Path, model: type[M], spared: Callable[[], Collection[str]] = frozenset) -> None:
        self.folder = folder
        self._model = model
        self._spared = spared
        self._way = way_of(folder)

    def committed(self) -> list[str]:
        """Name the committed runs, oldest first. A folder that is not named like a run is somebody else's."""
        return sorted(name for name in self._way.names() if RUN_NAME.fullmatch(name))

    def path(self, run: str) -> Path:
        """Return where a committed run lies."""
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
        if run not in self.committed():
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

    def kept(self) -> list[M]:
        """Read the manifests of the committed runs, oldest first, but for those that cannot be read."""
        found = []
        for run in self.committed():
            with suppress(EtlError):
                found.append(self.read(run))
        return found

    def durations(self, kept: Sequence[M] | None = None) -> list[float]:
        """Return how long (seconds) the stage took for the committed runs of all rows that have all its tables.

        kept: their manifests, where they were read already.
        """
        found = []
        for manifest in self.kept() if kept is None else kept:
            whole = all(getattr(table, "run", manifest.run) == manifest.run for table in manifest.tables.values())
            if whole and not manifest.restored and not manifest.is_of_changes:
                found.append(manifest.seconds)
        return found

    @contextmanager
    def working(self, run: str) -> Iterator[Path]:
        """Give a fresh working folder for `run`, and remove it (and what a killed run left) unless it was committed."""
        if run in self.committed():
            raise DataError(f"The run {run} is already committed in {self.folder}.", "Give the next run another name.")
        self._way.remove_rubbish()
        folder = self._way.working(run)
        try:
            yield folder
        finally:
            self._way.discard(run)

    def commit(self, folder: Path, manifest: M, keep: int) -> None:
        """Commit a working folder with its manifest; keep the newest `keep` runs, and those that are spared."""
        self._way.commit(folder, manifest.run, manifest.model_dump_json(indent=1) + "\n")
        old = self.committed()[:-keep]
        for run in sorted({*old} - {*self._spared()}) if old else ():
            try:
                self._way.remove(run)
            except OSError as error:  # the new one is committed all the same
                log.warning("the run %s cannot be removed: %s", self.path(run), error.strerror)


class Store:
    """The data folder of one settings file, with the runs of the three stages.

    local: the folder of what is of this machine alone, the nights' records among it; the data folder, if it is here.
    """

    def __init__(self, folder: Path, local: Path | None = None) -> None:
        self.folder, self.local = folder, local or folder
        self.raw = Runs(folder / "1_raw", RawManifest, lambda: self._published()[0])
        self.star = Runs(folder / "2_star", StarManifest, lambda: self._published()[1])
        self.loaded = Runs(folder / "3_loaded", LoadedManifest)
        self.stages: tuple[Runs[Any], ...] = (self.raw, self.star, self.loaded)

    @classmethod
    def of(cls, settings: Settings) -> "Store":
        """Open the data folder of the settings. Raises StorageError where it is in a bucket that is no use."""
        return cls(folder_of(settings), settings.machine_dir)

    def new_run(self) -> str:
        """Name a run after the clock, but after every run and night there was, should the clock have been set back."""
        now = datetime.now(UTC).replace(microsecond=0)
        runs = [run for stage in self.stages for run in stage.committed()]
        runs += [run for run in nights.recorded(self.local) if RUN_NAME.fullmatch(run)]
        if runs:
            now = max(now, run_time(max(runs)) + timedelta(seconds=1))
        return now.strftime(_RUN_FORMAT)

    def newest_star(self, made_by: str) -> StarManifest:
        """Read the newest star's manifest, of a star with tables. made_by: as in `Runs.newest`."""
        star = self.star.newest(made_by)
        if star.restored:
            raise DataError(f"The star {star.run} was restored: of it there are the key maps alone.", f"Run {made_by}.")
        return star

    def identity(self, *, make: bool = True) -> str:
        """Return the data folder's id, which goes wherever the folder goes; "" where it has none.

        make: whether one that has none gets it now.
        """
        path = self.folder / IDENTITY
        if not path.is_file():
            if not make:
                return ""
            self.identify(uuid.uuid4().hex[:12])
        return path.read_text(encoding="utf-8").strip()

    def identify(self, drawn: str) -> None:
        """Give a data folder that has no id this one."""
        path = self.folder / IDENTITY
        if is_remote(self.folder):
            with suppress(FileExistsError):
                create(path, f"{drawn}\n".encode())
        else:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_whole(path, f"{drawn}\n")

    def newest_origin(self) -> dict[str, str]:
        """Return the origin of the newest run that can be read; nothing where there is none."""
        every = [(run, stage) for stage in self.stages for run in stage.committed()]
        for run, stage in sorted(every, key=lambda each: each[0], reverse=True):
            with suppress(EtlError):
                return dict(stage.read(run).origin)
        return {}

    def _published(self) -> tuple[set[str], set[str]]:
        """Name the raw runs and the stars upon which the next night stands: those that were published last."""
        newest = self.loaded.kept()[-1:]
        tables = [table.star for kept in newest for table in kept.tables.values()]
        return {t.raw_run for t in tables}, {*(t.run for t in tables), *(str(kept.made_from) for kept in newest)}

    def built(self) -> set[tuple[str, datetime]]:
        """Return, of all tables that this data folder built or published, the star run and the source's instant.

        Names of runs alone tell little: the nights of two companies may begin in the same second.
        """
        found = set()
        for run in self.star.committed():
            with suppress(EtlError):
                found |= {(table.run, table.as_of) for table in self.star.read(run).tables.values()}
        for run in self.loaded.committed():
            with suppress(EtlError):
                found |= {(table.star.run, table.as_of) for table in self.loaded.read(run).tables.values()}
        return found

    def check_version(self) -> None:
        """Refuse a data folder in which a newer version of this program worked last. Raises DataError."""
        newest = [(stage.path(run) / MANIFEST, FORMAT) for stage in self.stages for run in stage.committed()[-1:]]
        newest += [(nights.file_of(self.local, run), nights.FORMAT) for run in nights.recorded(self.local)[-1:]]
        for path, known in newest:
            if fault := _of_the_future(path, known):
                raise fault


def run_time(run: str) -> datetime:
    """Return the instant that a run is named after."""
    try:
        return datetime.strptime(run, _RUN_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        raise DataError(
            f"The folder {run!r} in the data folder is not named like a run (20300131T023000Z).", "Move it away."
        ) from None


def check_origin(manifest: Manifest[Any], origin: dict[str, str], where: Path) -> None:
    """Refuse a run that belongs to other sources or to another warehouse than the settings name."""
    ours, others = ({name for name in each if name.startswith("source ")} for each in (origin, manifest.origin))
    if ours and others and not ours & others:
        raise _foreign(manifest.run, where, ", ".join(sorted(others)), ", ".join(sorted(ours)))
    for name, mine in origin.items():
        theirs = manifest.origin.get(name, mine)
        if theirs != mine:
            raise _foreign(manifest.run, where, f"{name} {theirs}", mine)


def _foreign(run: str, where: Path, theirs: str, mine: str) -> UsageError:
    return UsageError(
        f"The run {run} in {where} belongs to {theirs}, but the settings name {mine}.",
        "Use the settings file that it was made with, or another DATA_DIR.",
    )


def _listed(runs: list[str]) -> str:
    return ", ".join(runs) or "none is committed"


def _of_the_future(path: Path, known: int = FORMAT) -> DataError | None:
    """Say so where a file names a higher format than the one that we know."""
    try:
        told = json.loads(path.read_bytes())
        found, engine = told.get("format"), told.get("engine")
    except (OSError, ValueError, AttributeError):
        return None
    if not isinstance(found, int) or found <= known:
        return None
    named = f"{engine}, " if isinstance(engine, str) and engine else ""
    return DataError(
        f"{path} was written by a newer version of this program"
        f" ({named}format {found}; this is {__version__}, which reads formats up to {known}).",
        "Update this program; nothing was touched.",
    )


def _unreadable(path: Path, error: ValidationError) -> DataError:
    if fault := _of_the_future(path):
        return fault
    where = ".".join(str(part) for part in error.errors()[0]["loc"])
    return DataError(
        f"{path} is damaged at {where or 'its start'}.",
        "Move that run's folder out of the data folder, then run the night again: the run before it counts.",
    )
