"""What a night of changes costs, beside one of all rows and one of nothing new.

    .venv/bin/python -m benchmarks.changed                                  # 10 million contracts, 50,000 changes
    .venv/bin/python -m benchmarks.changed --contracts 10000000 30000000    # and how it grows with the history
    .venv/bin/python -m benchmarks.changed --contracts 200000 --rows 2000   # a rehearsal

It fills the sample company at each size, and runs two chains of nights (benchmarks/nights.py): in one the keys of all
rows are compared once a week, so that no night of the chain does it, in the other every night. It prints bars and
tables, and writes them into RESULTS.md; with two sizes, also into SCALE.md, what larger companies take. Measured as
`python -m benchmarks` does. A run of less than 10 million writes into data/rehearsal.
"""

import argparse
import shutil
import sys
from contextlib import suppress
from pathlib import Path

from benchmarks import report, scale_of_changes
from benchmarks.bars import FULL_ROWS, of_changes
from benchmarks.chains import NIGHTLY, WEEKLY, Asked, Chains, run_chains
from benchmarks.job import Job
from benchmarks.measure import adopt_orphans
from benchmarks.nights import CHANGED, EMPTY, FULL, MONTHS
from benchmarks.others import made
from benchmarks.told import write_section
from config.paths import ROOT
from sample.server import remove, running


def main() -> int:
    """Measure, print and write, one size after the other: who stops it has what there is."""
    options = _options()
    adopt_orphans()
    source = options.folder / "source"
    asked = Asked(options.rows, options.seed, options.nights, options.timeout, tuple(options.sweeps))
    done: list[Chains] = []
    try:
        with running(source):
            for contracts in options.contracts:
                done.append(run_chains(source, options.folder / "nights", contracts, asked))
                _tell(done, options.rows, options.output)
    finally:
        shutil.rmtree(options.folder / "nights", ignore_errors=True)
        if not options.keep:
            remove(source)
            shutil.rmtree(source, ignore_errors=True)
    return 0


def _tell(done: list[Chains], rows: int, output: Path) -> None:
    """Print the last company's bars and table, and write what there is."""
    sections = [report.section(job_of(each, done[0], rows), each.results) for each in done]
    print(sections[-1], flush=True)
    write_section(output / "RESULTS.md", "\n".join(sections))
    few, many = min(done, key=_size), max(done, key=_size)
    if few is not many:
        scale_of_changes.write(few, many, rows, output)


def _size(chains: Chains) -> int:
    return chains.contracts


def job_of(chains: Chains, first: Chains, rows: int) -> Job:
    """Put together what is told of a company. first: the one whose bars are met or not; others are larger."""
    told = f"{rows:,} rows change before each night of changes, nine in ten of them with the newest 2 % of the keys."
    if chains.reads:
        shares = ", ".join(f"{name} {share:.2f}" for name, share in chains.reads.shares.items() if share)
        months = " of two months" if chains.of(MONTHS) else ""
        told += f" So much of each table lies in partitions in which a night of changes{months} changes rows: {shares}."
    prefix = "" if chains is first else f"{chains.contracts:,} contracts: "
    bars = of_changes(_values(chains, first), prefix)
    title = f"Nights of changes: {chains.contracts:,} contracts"
    return Job("changed", title, tuple(made(name) for name in chains.results), bars, told)


def _values(chains: Chains, first: Chains) -> dict[str, float]:
    """Compute what the bars are about."""
    found: dict[str, float] = {}
    for what in ("wall", "cpu"):
        full, changed, empty = (chains.figure(what, kind) for kind in (FULL, CHANGED, EMPTY))
        found |= {what: changed / full, f"{what} more": (changed - empty) / full}
    found["empty"] = chains.figure("wall", EMPTY)
    found["peak"] = chains.figure("peak", CHANGED) / chains.figure("peak", FULL)
    found["copied"] = chains.copied() / chains.figure("wall", CHANGED)
    found["read"] = chains.read / max(chains.expected, 1)
    if NIGHTLY in chains.nights:
        keys, whole = chains.swept()
        found["swept"] = keys / max(whole, 0.1)
        found["comparing"] = chains.figure("wall", EMPTY, sweep=NIGHTLY) - chains.figure("wall", EMPTY)
    if chains is not first:
        found["growth"] = chains.figure("wall", CHANGED) / first.figure("wall", CHANGED)
    if chains.reads:
        found |= {"counted": chains.reads.counted, "named": chains.reads.named}
        found["bytes"] = (chains.reads.touched + chains.reads.staged) / 1e6
    return found


def _options() -> argparse.Namespace:
    text = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(prog="python -m benchmarks.changed", description=text[0])
    parser.add_argument("--contracts", type=int, nargs="+", default=[FULL_ROWS], metavar="N",
                        help="of the sample company, one after the other (default: %(default)s)")  # fmt: skip
    parser.add_argument("--rows", type=int, default=50_000, metavar="N", help="that change (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="another seed, other rows")
    parser.add_argument("--nights", type=int, default=3, metavar="N", help="of changes (default: %(default)s)")
    parser.add_argument("--sweeps", nargs="+", choices=[WEEKLY, NIGHTLY], default=[WEEKLY, NIGHTLY], metavar="WHEN",
                        help="how often the keys of all rows are compared, a chain of nights each")  # fmt: skip
    parser.add_argument("--output", type=Path, metavar="FOLDER",
                        help="of RESULTS.md and SCALE.md (default: benchmarks, or data/rehearsal)")  # fmt: skip
    parser.add_argument("--folder", type=Path, default=ROOT / "data" / "changed", help="where sample and runs lie")
    parser.add_argument("--keep", action="store_true", help="leave the source there for the next time")
    parser.add_argument("--timeout", type=float, default=1800, metavar="S", help="seconds after which a run is stopped")
    options = parser.parse_args()
    is_rehearsal = options.contracts[0] < FULL_ROWS
    options.output = options.output or (ROOT / "data" / "rehearsal" if is_rehearsal else ROOT / "benchmarks")
    options.folder = options.folder.absolute()
    return options


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main())
    sys.exit(130)
