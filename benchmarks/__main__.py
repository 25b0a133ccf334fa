"""How fast it is, beside other ways of doing the same, on the same data, in one run.

    .venv/bin/python -m benchmarks                        # 10 million contracts; some hours
    .venv/bin/python -m benchmarks --rows 20000 --repeat 1  # does it run? a minute or two

It fills the sample company at that size, sets up the peers' environment (.venv-peers, from requirements-peers.txt),
runs the ways of each job in turn, again and again (a slow one once), and writes benchmarks/RESULTS.md and RESULTS.png,
and benchmarks/SCALE.md, which multiplies it. Whatever --rows, it tells for each bar what was reached; the bars are
meant for 10 million rows.

How it is measured: wall by the monotonic clock; CPU of all processes that the command started; memory as the sum of the
PSS of all of them, looked at every 50 ms; written is what is new in its folder at the end. PostgreSQL's server does not
count. Nobody waits for the disk: os.fsync does nothing while timing, ours and the peers'. The rows of the sales fact
that a way makes are compared with ours; a way that makes others has failed. The peers' scripts lie in benchmarks/peers.
"""

import argparse
import json
import shutil
import sys
from contextlib import suppress
from pathlib import Path

from benchmarks import jobs, report, scale
from benchmarks.job import Job
from benchmarks.measure import adopt_orphans
from benchmarks.run import Limits, run_job
from benchmarks.world import World, make_world, set_up_peers
from config.paths import ROOT
from sample.server import remove, running

JOBS = {
    "download": jobs.download,
    "sales": jobs.sales,
    "tables": jobs.tables,
    "upload": jobs.upload,
    "night": jobs.night,
    "help": jobs.help_,
}
MEMORY = "memory"


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
            for name in [name for name in JOBS if name in options.jobs]:
                _do(JOBS[name](world), world, options, done)
            if MEMORY in options.jobs:
                larger = make_world(source, scale.TIMES * options.rows, folder / "larger")
                _do(jobs.memory(world, larger), world, options, done)
    finally:
        if not options.keep:
            remove(source)
            for ours in (source, folder / "company", folder / "larger"):
                shutil.rmtree(ours, ignore_errors=True)
            with suppress(OSError):  # somebody else's files are there, too
                folder.rmdir()
    return 0


def _do(job: Job, world: World, options: argparse.Namespace, done: list[report.Done]) -> None:
    """Run a job, and tell of all that is done: who stops it after hours has what there is."""
    limits = Limits(options.repeat, options.slow, options.timeout, options.memory)
    done.append((job, run_job(job, world, limits)))
    report.write(done, world, options.repeat, options.output)
    results = {each.name: found for each, found in done}
    if all(
        name in results and all(found.counts for found in results[name].values() if found.is_ours)
        for name in scale.NEEDED
    ):
        scale.write(results, world, options.output)
    if options.json:
        options.json.write_text(json.dumps({"bars": report.bars(done)}, indent=1) + "\n", encoding="utf-8")


def _options() -> argparse.Namespace:
    text = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=text[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=10_000_000, metavar="N", help="contracts of the sample company")
    parser.add_argument("--repeat", type=int, default=5, metavar="N", help="runs of each way")
    parser.add_argument("--slow", type=float, default=30, metavar="S", help="a way that takes longer is run once")
    parser.add_argument("--jobs", nargs="+", choices=[*JOBS, MEMORY], default=list(JOBS), metavar="JOB",
                        help=f"which ones: {', '.join([*JOBS, MEMORY])}; the last needs a second sample, three times as"
                        " large")  # fmt: skip
    parser.add_argument("--json", type=Path, metavar="FILE", help="write each bar's value there")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks", metavar="FOLDER", help="of RESULTS.*")
    parser.add_argument("--folder", type=Path, default=ROOT / "data" / "benchmark", help="where sample and runs lie")
    parser.add_argument("--keep", action="store_true", help="leave the sample there, for the next time")
    parser.add_argument("--timeout", type=float, default=3600, metavar="S", help="seconds after which a run is stopped")
    parser.add_argument("--memory", type=float, default=report.machine_memory_mb() * 0.7, metavar="MB",
                        help="memory at which a run is stopped")  # fmt: skip
    return parser.parse_args()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main())
    sys.exit(130)
