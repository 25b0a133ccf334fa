"""What is told of a run besides its jobs: growth and all tables, by what making the worlds took; the commands."""

import shutil
from pathlib import Path

from benchmarks.bars import ALONE, OURS, bars_of, of_growth, of_help, of_reads, of_suite
from benchmarks.job import Bar, Job, Result, Way
from benchmarks.jobs import job_of, named
from benchmarks.measure import Command, Measured, measure
from benchmarks.reads import Reads
from benchmarks.world import DOWNLOAD, LOAD, TRANSFORM, UPLOAD, World
from config.paths import ROOT

Done = tuple[Job, dict[str, Result]]

_STAGES = {"download": DOWNLOAD, "transform": TRANSFORM, "upload preparation": UPLOAD}
_LEFT_OUT = (".venv*", ".node-*", ".git", "data", "__pycache__", ".*_cache", ".hypothesis")


def tables(world: World, alone: Result) -> Done:
    """All tables of the star, which were made once, beside the largest alone."""
    ways = (made(OURS), made(ALONE))
    job = job_of(world, "tables", f"All {len(world.star.tables)} tables of the star, beside the fact alone", ways)
    return job, {OURS: Result(True, [world.made[TRANSFORM]]), ALONE: alone}


def growth(small: World, large: World, members: str) -> Done:
    """The three stages at two sizes: memory stays, time grows with the rows. members: SAME_MEMBERS or MORE_MEMBERS."""
    ways: list[Way] = []
    bars: list[Bar] = []
    results: dict[str, Result] = {}
    for stage, script in _STAGES.items():
        names = [f"ours, {stage}, {world.rows:,} rows" for world in (large, small)]
        for name, world in zip(reversed(names), (small, large), strict=True):
            ways.append(made(name))
            results[name] = Result(True, [world.made[script]])
        bars += of_growth(stage, names[0], names[1], large.rows / small.rows, members)
    company = small.company
    job = Job(
        f"{company.source}-{members}-members",
        f"{company.name}: ours at {small.rows:,} and {large.rows:,} rows, {members} members",
        tuple(ways),
        named(small, bars),
    )
    return job, results


def reads(world: World, found: Reads) -> Done:
    """What BigQuery reads for a publish."""
    bars = named(world, of_reads(found.read / found.star, found.minimums))
    each = ", ".join(f"{name} {scans:.1f}" for name, scans in found.scans.items())
    told = (
        f"Of the {found.star / 1e6:,.0f} MB that BigQuery counts for the published tables, the queries of a load read"
        f" {found.read / 1e6:,.0f} MB: the statements of a real load, their columns as Google's analyzer sees them."
        f" Times each table's bytes: {each}."
    )
    name = f"{world.company.source}-bigquery"
    return Job(name, f"{world.company.name}: what BigQuery reads for a publish", (), bars, told), {}


def suite(minutes: float) -> Done:
    """The whole test suite, whose time was measured elsewhere."""
    return Job("suite", "The whole test suite", (), (of_suite(minutes),), "As given by --suite."), {}


def help_(world: World) -> Job:
    """How soon the three scripts answer."""
    scripts = (DOWNLOAD, TRANSFORM, LOAD)
    ways = [
        Way(f"ours, {script}", lambda folder, script=script: world.ours(folder, script, "--help"))  # type: ignore[misc]
        for script in scripts
    ]
    return Job("help", "`--help`", tuple(ways), tuple(map(of_help, scripts)))


def nightly(world: World) -> Job:
    """The sample's night as a newcomer runs it, in a copy of the project, for the second time."""
    copy = copy_of(world)
    ready: list[Path] = []

    def prepare(folder: Path) -> Command:
        command = Command(["/bin/bash", "-c", 'cd "$0" && exec ./nightly.sh', copy])  # from there it is the sample's
        if not ready:
            for left in [path for path in copy.glob("*") if path.name != "data"]:
                shutil.rmtree(left) if left.is_dir() and not left.is_symlink() else left.unlink()
            shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*_LEFT_OUT), dirs_exist_ok=True)
            (copy / ".venv").unlink(missing_ok=True)
            (copy / ".venv").symlink_to(ROOT / ".venv")
            ready.append(copy)
            if not (copy / "data").exists() and (error := _first_night(command, folder).error):
                raise RuntimeError(f"nightly.sh: {error}")
        return command

    way = Way(OURS, prepare, note="200,000 contracts; the source's server included")
    return Job("nightly", "`./nightly.sh`, the sample, the second time", (way,), bars_of(world.company, "nightly"))


def copy_of(world: World) -> Path:
    """Return where the copy of the project lies, whose sample stays for the next rehearsal."""
    return world.folder.parent.parent / "copy"


def _first_night(command: Command, folder: Path) -> Measured:
    return measure(command, folder, timeout=600, memory_mb=1e9)


def made(name: str) -> Way:
    """Return a way that is not run any more: it was measured while a world was made."""

    def not_run(_: Path) -> Command:
        raise NotImplementedError(f"{name} is measured once")

    return Way(name, not_run)
