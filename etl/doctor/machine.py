"""The machine: its data folder, disk and memory against what the night will need, and what programs it has."""

import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from shlex import quote
from zoneinfo import TZPATH, ZoneInfo

from etl.core.folders import is_remote, unseen
from etl.core.job import Job
from etl.core.lock import holder
from etl.core.manifest import RawManifest
from etl.core.runs import Store
from etl.doctor.check import Finding, check, failure, ok, warning
from etl.doctor.company import Company
from etl.download.stage import SCRIPT
from etl.guards.disk import Room, disk
from etl.guards.owner import check_folder

_WORKER = 350e6
"""Bytes that a process of stage 2 takes, its block among them."""
_WHOLE = 4
"""Times its CSV that a table takes which is built as a whole."""
_SHARE = 0.9


@dataclass
class SeenMachine:
    """The machine, for a company. figures: by query, the bytes that the sources guess; None: they do not."""

    company: Company
    figures: Mapping[str, int | None] = field(default_factory=dict)

    @cached_property
    def store(self) -> Store:
        """The data folder."""
        return Store.of(self.company.settings)

    @property
    def job(self) -> Job:
        """What a stage is asked."""
        settings, file = self.company.settings, self.company.settings_file
        return Job(settings, self.store, run="", dry_run=True, settings_file=file)


@check(finds="a data folder that cannot be used, or is another company's")
def folder(seen: SeenMachine) -> Iterator[Finding]:
    """Look at the data folder, without making it."""
    store = seen.store
    place = store.folder
    if is_remote(place):
        if why := unseen(place):
            yield failure(f"The data folder {place} cannot be used: {why}.", "Check DATA_DIR and the account's roles.")
            return
    elif not os.access(_existing(place), os.W_OK | os.X_OK):
        yield failure(
            f"This user may not write in {_existing(place)}, where the data folder is.",
            f"Run the night as the folder's owner, or: sudo chown -R $(id -un) {quote(str(_existing(place)))}",
        )
        return
    store.check_version()
    check_folder(seen.job, SCRIPT)
    if (is_remote(place) or place.is_dir()) and (who := holder(store.local, place)):
        yield warning(f"{who} holds the lock just now.", "Ask again when it has ended.")
    yield ok(f"The data folder {place} can be used.")


@check(finds="a disk that is too small for the night")
def space(seen: SeenMachine) -> Iterator[Finding]:
    """Let the guard of the disk judge what the sources guess, or what the last nights took."""
    planned = {name: seen.figures.get(name) for name in seen.company.queries}
    kept = seen.store.raw.kept()
    if is_remote(seen.store.folder):
        yield ok("A bucket has room.")
        return
    free = shutil.disk_usage(_existing(seen.store.folder)).free
    for refusal in disk.refusals(Room(_existing(seen.store.folder), planned, kept)):
        yield failure(
            f"{refusal.sentence[:1].upper()}{refusal.sentence[1:]}.", "Free space, or name a larger disk in DATA_DIR."
        )
        return
    unguessed = sorted(name for name, size in planned.items() if size is None and not _was_read(kept, name))
    told = f"; nothing guesses the size of {', '.join(unguessed)}" if unguessed else ""
    yield ok(f"{free / 1e9:.1f} GB are free, which is enough by estimate{told}.")


@check(finds="too little memory for the night")
def memory(seen: SeenMachine) -> Iterator[Finding]:
    """Compare what the last nights took, or what the first one will by estimate, with what the machine has."""
    there = _memory()
    store = seen.store
    peaks = [run.peak_memory_mb for stage in (store.raw, store.star, store.loaded) for run in stage.kept()[-1:]]
    measured = max(peaks, default=0) * 1e6
    needed = measured or _estimate(seen)
    what = "the last night took" if measured else "the first night takes by estimate"
    if there and needed > _SHARE * there:
        yield warning(
            f"The machine has {there / 1e9:.1f} GB of memory, and {what} {needed / 1e9:.1f} GB.",
            "Lower WORKERS, let large facts be streamed (`stream=` in the contract), or take a larger machine.",
        )
    else:
        yield ok(f"The machine has {there / 1e9:.1f} GB of memory; {what} {needed / 1e9:.1f} GB.")


def _estimate(seen: SeenMachine) -> float:
    """Guess what stage 2 takes: its processes, and the largest query that is not streamed, as a whole."""
    streamed = {name for table in seen.company.tables.values() for name in table.contract.stream}
    whole = [size or 0 for name, size in seen.figures.items() if name not in streamed]
    return seen.company.settings.workers * _WORKER + _WHOLE * max(whole, default=0)


@check(finds="time zone data that is missing")
def zones(seen: SeenMachine) -> Iterator[Finding]:
    """Find where the zones come from."""
    name = seen.company.settings.business_time_zone
    ZoneInfo(name)
    if any((Path(folder) / name).exists() for folder in TZPATH):
        yield ok(f"The time zone {name} is the system's (tzdata).")
    else:
        yield warning(
            f"The system has no time zone {name}: Python's own package stands in, which no system update renews.",
            "apt-get install tzdata",
        )


def _was_read(kept: list[RawManifest], name: str) -> bool:
    return any(name in run.tables for run in kept)


def _existing(place: Path) -> Path:
    """Return the nearest folder that is there."""
    return next(folder for folder in (place, *place.absolute().parents) if folder.exists())


def _memory() -> float:
    """Return the machine's memory in bytes, or the limit that its control group has."""
    found = [float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))]
    limit = Path("/sys/fs/cgroup/memory.max")
    if limit.exists() and (text := limit.read_text(encoding="ascii").strip()).isdecimal():
        found.append(float(text))
    return min(found)
