"""One run of the benchmark: the worlds, one after the other, and all that is measured in them."""

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmarks import jobs, others, report, scale
from benchmarks.bars import FULL_ROWS, MORE_MEMBERS, OURS, SAME_MEMBERS
from benchmarks.company import Company
from benchmarks.job import Job, Result
from benchmarks.reads import FAULTS, read_bytes
from benchmarks.run import Limits, Running, begin, repeat
from benchmarks.world import World
from benchmarks.worlds import COMPANIES, Sizes, describe_world, make_larger, make_world
from sample.server import remove

Done = tuple[Job, dict[str, Result]]

BOTH: dict[str, Callable[[World], Job]] = {
    "download": jobs.download,
    "fact": jobs.fact,
    "parquet": jobs.parquet,
    "upload": jobs.upload,
    "night": jobs.night,
}
"""The jobs of both companies."""
OF_SAMPLE: dict[str, Callable[[World], Job]] = {"help": others.help_, "nightly": others.nightly}
GROWTH, BIGQUERY = "growth", "bigquery"
EXTRA = (GROWTH, BIGQUERY, *OF_SAMPLE)
_SMALL = Sizes(2000, 0.001)
"""What an emulator of BigQuery takes."""


class Campaign:
    """Measures, and writes what there is after each job: who stops it has what was done. output: of RESULTS.md."""

    def __init__(self, folder: Path, sizes: Sizes, limits: Limits, output: Path, every_way: bool) -> None:
        self.source = folder / "source"
        self.done: list[Done] = []
        self._folder = folder
        self._sizes = sizes
        self._limits = limits
        self._output = output
        self._every_way = every_way
        self._worlds: list[World] = []
        self._running: list[Running] = []

    def run(self, wanted: list[str], suite: float | None) -> None:
        """Do the jobs; suite: the minutes of the whole test suite."""
        for company in COMPANIES:
            self._of_company(company, wanted)
        if suite is not None:
            self._tell(others.suite(suite))
        repeat(self._running, self._limits)
        self._write(drawn=True)

    def clear(self, *, all_of_it: bool) -> None:
        """Remove the runs, and the databases, too."""
        for company in COMPANIES:
            shutil.rmtree(self._folder / company.source, ignore_errors=True)
        if all_of_it:
            for source in (self.source, self._folder / "copy" / "data" / "sample" / "source"):
                remove(source)
            for left in (self.source, self._folder / "copy"):
                shutil.rmtree(left, ignore_errors=True)
            with suppress(OSError):  # somebody else's files are there, too
                self._folder.rmdir()

    def _of_company(self, company: Company, wanted: list[str]) -> None:
        folder = self._folder / company.source
        world = make_world(company, self.source, self._sizes, folder / "whole")
        world.make_ready_for_peers()
        self._worlds.append(world)
        for name, make in (BOTH | (OF_SAMPLE if company.is_sample else {})).items():
            if name not in wanted:
                continue
            with _told_if_failed():
                running = self._begin(make(world), world)
                if name == "fact":
                    self._tell(others.tables(world, running.results[OURS]))
        if GROWTH in wanted:
            with _told_if_failed():
                self._growth(world, folder)
            for left in ("larger", "smaller"):
                shutil.rmtree(folder / left, ignore_errors=True)
        if BIGQUERY in wanted:
            with _told_if_failed():
                small = describe_world(company, self.source, _SMALL, folder / "small")
                self._tell(others.reads(world, read_bytes(world, small, folder / "emulator")))

    def _growth(self, world: World, folder: Path) -> None:
        """Compare a world with one of three times the facts, and with one a third as large."""
        third = make_world(world.company, self.source, self._sizes.third(), folder / "smaller")
        few = third if self._sizes.rows < FULL_ROWS else world  # a rehearsal makes nothing larger than it is
        self._tell(others.growth(few, make_larger(few, folder / "larger"), SAME_MEMBERS))
        self._tell(others.growth(third, world, MORE_MEMBERS))

    def _begin(self, job: Job, world: World) -> Running:
        job = job if self._every_way else job.of_bars()
        running = begin(job, world, self._limits)
        self._running.append(running)
        self._tell((job, running.results))
        return running

    def _tell(self, done: Done) -> None:
        self.done.append(done)
        self._write()

    def _write(self, *, drawn: bool = False) -> None:
        report.write(self.done, self._worlds, self._limits.repeat, self._output, drawn=drawn)
        if not drawn and self.done[-1][0].name not in scale.NEEDED:
            return
        results = {job.name: found for job, found in self.done}
        if all(name in results and all(way.counts for way in results[name].values() if way.is_ours)
               for name in scale.NEEDED):  # fmt: skip
            scale.write(results, self._worlds[0], self._output)


@contextmanager
def _told_if_failed() -> Iterator[None]:
    """Let what cannot be measured not stop what can."""
    try:
        yield
    except FAULTS as fault:
        print(f"not measured: {fault}", file=sys.stderr, flush=True)
