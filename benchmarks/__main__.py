"""How fast it is, beside other ways of doing the same, on the same data, in one run.

    .venv/bin/python -m benchmarks              # 10 million contracts, TPC-H SF 1; 40 minutes on a quiet machine
    .venv/bin/python -m benchmarks --rehearsal  # some minutes: the same bars, at 200,000 contracts
    .venv/bin/python -m benchmarks --docs       # write what docs/ and README.md quote of RESULTS.md anew

It fills the sample company at that size, and TPC-H, sets up the peers' environment (.venv-peers, from
requirements-peers.txt), runs each way of each job once, then again while there is time (--minutes), and writes
RESULTS.md, RESULTS.png, and SCALE.md, which multiplies it. Whatever the size, it prints for each bar what was reached;
the limits are meant for 10 million rows. A smaller run is a rehearsal: it writes into data/rehearsal, not over
RESULTS.md, and what it filled stays for the next one. Ways that no bar is about are run with --every-way.

How it is measured: wall by the monotonic clock; CPU of all processes that the command started; memory as the sum of the
PSS of all of them, looked at every 50 ms; written is what is new in its folder at the end. PostgreSQL's server does not
count. Nobody waits for the disk: os.fsync does nothing while timing, ours and the peers'. The rows that a way makes are
compared with ours, and TPC-H's published answers with its source's; a way that gives others has failed. Three times the
rows are the same company with each fact three times, each time with another number (a rehearsal takes the company a
third as large three times); "more members" compares with a company a third as large. The peers' scripts lie in
benchmarks/peers.
"""

import argparse
import re
import sys
import time
from contextlib import suppress
from pathlib import Path

from benchmarks import report, told
from benchmarks.bars import FULL_ROWS, FULL_SCALE
from benchmarks.campaign import BOTH, EXTRA, Campaign
from benchmarks.measure import adopt_orphans
from benchmarks.run import Limits
from benchmarks.worlds import Sizes, set_up_peers
from config.paths import ROOT
from sample.server import running

_REHEARSAL = {"rows": 200_000, "repeat": 1, "minutes": 3.0}
_FULL = {"rows": FULL_ROWS, "repeat": 5, "minutes": 38.0}
_SLOW = 60.0
_LEAST_SCALE = 0.001


def main() -> int:
    """Run the benchmark; returns the exit code: 0 it came to its end, whatever bars were met."""
    options = _options()
    if options.docs:
        told.renew()
        return 0
    began = time.monotonic()
    adopt_orphans()
    set_up_peers()
    limits = Limits(options.repeat, _SLOW, began + options.minutes * 60, options.timeout, options.memory)
    sizes = Sizes(options.rows, options.scale)
    campaign = Campaign(options.folder.absolute(), sizes, limits, options.output, options.every_way)
    try:
        with running(campaign.source):
            campaign.run(options.jobs, options.suite)
    finally:  # who stops it, or stumbles, has what there is
        print(report.printed(campaign.done), flush=True)
        campaign.clear(all_of_it=not options.keep)
    print(f"{(time.monotonic() - began) / 60:.1f} minutes")
    if options.output == ROOT / "benchmarks":
        told.renew()
    return 0


def _options() -> argparse.Namespace:
    text = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=text[0])
    parser.add_argument("--rehearsal", action="store_true", help=f"a small run: {_told(_REHEARSAL)}")
    parser.add_argument("--docs", action="store_true", help="run nothing; renew what README.md and docs/ quote")
    parser.add_argument("--rows", type=int, metavar="N", help=f"contracts of the sample company (default: {FULL_ROWS})")
    parser.add_argument("--scale", type=float, metavar="SF", help=f"TPC-H's scale factor (default: {FULL_SCALE:g},"
                        " or as much less as there are fewer rows)")  # fmt: skip
    parser.add_argument("--repeat", type=int, metavar="N", help="runs of each way at most")
    parser.add_argument("--minutes", type=float, metavar="M", help="how long ways are run again, from the start on")
    parser.add_argument("--jobs", nargs="+", choices=[*BOTH, *EXTRA], default=[*BOTH, *EXTRA], metavar="JOB",
                        help=f"which ones: {', '.join([*BOTH, *EXTRA])}")  # fmt: skip
    parser.add_argument("--every-way", action="store_true", help="also the ways that no bar is about")
    parser.add_argument("--suite", type=_minutes, metavar="M", help="minutes that the whole test suite took on CI, or a"
                        " log of it, for its bar")  # fmt: skip
    parser.add_argument("--output", type=Path, metavar="FOLDER",
                        help="of RESULTS.* and SCALE.md (default: benchmarks, or data/rehearsal)")  # fmt: skip
    parser.add_argument("--folder", type=Path, default=ROOT / "data" / "benchmark", help="where sample and runs lie")
    parser.add_argument("--keep", action="store_true", help="leave the sources there, as a rehearsal does")
    parser.add_argument("--timeout", type=float, default=1800, metavar="S", help="seconds after which a run is stopped")
    parser.add_argument("--memory", type=float, default=report.machine_memory_mb() * 0.7, metavar="MB",
                        help="memory at which a run is stopped")  # fmt: skip
    options = parser.parse_args()
    for name, value in (_REHEARSAL if options.rehearsal else _FULL).items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    is_rehearsal = options.rows < FULL_ROWS
    options.keep |= is_rehearsal
    options.scale = options.scale or min(FULL_SCALE, max(FULL_SCALE * options.rows / FULL_ROWS, _LEAST_SCALE))
    options.output = options.output or (ROOT / "data" / "rehearsal" if is_rehearsal else ROOT / "benchmarks")
    return options


def _minutes(text: str) -> float:
    """Read minutes: a number, or a file with what pytest says at its end, "… in 812.34s"."""
    if not Path(text).is_file():
        return float(text)
    said = re.findall(r" in ([\d.]+)s", Path(text).read_text(encoding="utf-8"))
    if not said:
        raise argparse.ArgumentTypeError(f"{text} does not say how long the tests took")
    return float(said[-1]) / 60


def _told(settings: dict[str, float]) -> str:
    return ", ".join(f"--{name} {value:g}" for name, value in settings.items())


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main())
    sys.exit(130)
