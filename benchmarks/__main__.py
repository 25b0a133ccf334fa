"""How fast it is, beside other ways of doing the same, on the same data, in one run.

    .venv/bin/python -m benchmarks                            # 10 million contracts, TPC-H SF 1; some hours
    .venv/bin/python -m benchmarks --rows 2000000 --repeat 3  # a rehearsal: the same bars
    .venv/bin/python -m benchmarks --rows 20000 --repeat 1    # does it run? minutes

It fills the sample company at that size, and TPC-H at a scale factor that goes with it (--scale), sets up the peers'
environment (.venv-peers, from requirements-peers.txt), runs the ways of each job in turn, again and again (a slow one
once), and writes RESULTS.md, RESULTS.png, and SCALE.md, which multiplies it. Whatever --rows, it prints for each bar
what was reached; the limits are meant for 10 million rows. A smaller run is a rehearsal: it leaves out the ways that no
bar is about, runs once what takes longer than five seconds, and writes into data/rehearsal, not over RESULTS.md.

How it is measured: wall by the monotonic clock; CPU of all processes that the command started; memory as the sum of the
PSS of all of them, looked at every 50 ms; written is what is new in its folder at the end. PostgreSQL's server does not
count. Nobody waits for the disk: os.fsync does nothing while timing, ours and the peers'. The rows of the fact that a
way makes are compared with ours, and TPC-H's published answers with its source's; a way that gives others has failed.
The peers' scripts lie in benchmarks/peers.
"""

import argparse
import json
import shutil
import sys
from contextlib import suppress
from pathlib import Path

from benchmarks import jobs, report, scale
from benchmarks.bars import FULL_ROWS, FULL_SCALE
from benchmarks.job import Job
from benchmarks.measure import adopt_orphans
from benchmarks.run import Limits, run_job
from benchmarks.world import World, make_tpch, make_world, set_up_peers
from config.paths import ROOT
from sample.server import remove, running

OF_BOTH = {
    "download": jobs.download,
    "fact": jobs.fact,
    "parquet": jobs.parquet,
    "tables": jobs.tables,
    "upload": jobs.upload,
    "night": jobs.night,
}
JOBS = {**OF_BOTH, "help": jobs.help_}
MEMORY = "memory"
_SLOW, _SLOW_REHEARSED = 30.0, 5.0
_LEAST_SCALE = 0.001


def main() -> int:
    """Run the benchmark; gives the exit code: 0 it came to its end, whatever bars were met."""
    options = _options()
    adopt_orphans()
    set_up_peers()
    folder: Path = options.folder.absolute()
    source = folder / "source"
    done: list[report.Done] = []
    try:
        with running(source):
            world = make_world(source, options.rows, folder / "company")
            worlds = [world]
            for name in [name for name in JOBS if name in options.jobs]:
                _do(JOBS[name](world), worlds, options, done)
            if wanted := [name for name in OF_BOTH if name in options.jobs]:
                worlds.append(make_tpch(source, options.scale, folder / "tpch"))
                for name in wanted:
                    _do(OF_BOTH[name](worlds[-1]), worlds, options, done)
            if MEMORY in options.jobs:
                larger = make_world(source, scale.TIMES * options.rows, folder / "larger")
                _do(jobs.memory(world, larger), worlds, options, done)
    finally:
        if not options.keep:
            remove(source)
            for ours in (source, folder / "company", folder / "tpch", folder / "larger"):
                shutil.rmtree(ours, ignore_errors=True)
            with suppress(OSError):  # somebody else's files are there, too
                folder.rmdir()
    print(report.printed(done))
    return 0


def _do(job: Job, worlds: list[World], options: argparse.Namespace, done: list[report.Done]) -> None:
    """Run a job of the last world, and tell of all that is done: who stops it after hours has what there is."""
    limits = Limits(options.repeat, options.slow, options.timeout, options.memory)
    if _is_rehearsal(options):
        job = job.of_bars()
    done.append((job, run_job(job, worlds[-1], limits)))
    report.write(done, worlds, options.repeat, options.output)
    results = {each.name: found for each, found in done}
    if all(
        name in results and all(found.counts for found in results[name].values() if found.is_ours)
        for name in scale.NEEDED
    ):
        scale.write(results, worlds[0], options.output)
    if options.json:
        options.json.write_text(json.dumps({"bars": report.bars(done)}, indent=1) + "\n", encoding="utf-8")


def _options() -> argparse.Namespace:
    text = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=text[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=FULL_ROWS, metavar="N", help="contracts of the sample company")
    parser.add_argument("--scale", type=float, metavar="SF", default=argparse.SUPPRESS,
                        help=f"TPC-H's scale factor (default: {FULL_SCALE:g}, in a rehearsal as much less as there are"
                        " fewer rows)")  # fmt: skip
    parser.add_argument("--repeat", type=int, default=5, metavar="N", help="runs of each way")
    parser.add_argument("--slow", type=float, metavar="S", default=argparse.SUPPRESS,
                        help=f"a way that takes longer is run once (default: {_SLOW}, in a rehearsal"
                        f" {_SLOW_REHEARSED})")  # fmt: skip
    parser.add_argument("--jobs", nargs="+", choices=[*JOBS, MEMORY], default=list(JOBS), metavar="JOB",
                        help=f"which ones: {', '.join([*JOBS, MEMORY])}; the last needs a second sample, three times as"
                        " large")  # fmt: skip
    parser.add_argument("--json", type=Path, metavar="FILE", help="write each bar's value there")
    parser.add_argument("--output", type=Path, metavar="FOLDER", default=argparse.SUPPRESS,
                        help="of RESULTS.* and SCALE.md (default: benchmarks, or data/rehearsal)")  # fmt: skip
    parser.add_argument("--folder", type=Path, default=ROOT / "data" / "benchmark", help="where sample and runs lie")
    parser.add_argument("--keep", action="store_true", help="leave the sample there, for the next time")
    parser.add_argument("--timeout", type=float, default=3600, metavar="S", help="seconds after which a run is stopped")
    parser.add_argument("--memory", type=float, default=report.machine_memory_mb() * 0.7, metavar="MB",
                        help="memory at which a run is stopped")  # fmt: skip
    options = parser.parse_args()
    rehearsal = _is_rehearsal(options)
    left = {
        "scale": min(FULL_SCALE, max(FULL_SCALE * options.rows / FULL_ROWS, _LEAST_SCALE)),
        "slow": _SLOW_REHEARSED if rehearsal else _SLOW,
        "output": ROOT / "data" / "rehearsal" if rehearsal else ROOT / "benchmarks",
    }
    return argparse.Namespace(**left | vars(options))


def _is_rehearsal(options: argparse.Namespace) -> bool:
    """Say whether it is smaller than what the limits are meant for."""
    return bool(options.rows < FULL_ROWS)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main())
    sys.exit(130)
