"""What is told: RESULTS.md for readers, the picture, the bars for a machine."""

import json
import os
import platform
import subprocess
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.company import SAMPLE, TPCH
from benchmarks.job import Bar, Job, Result
from benchmarks.told import write_but_section
from benchmarks.world import HERE, PEERS, World

Done = tuple[Job, dict[str, Result]]

_OURS = ("pandas", "pyarrow", "duckdb", "psycopg2-binary", "pandera")
_PEERS = ("polars", "duckdb", "pandas", "pyarrow", "connectorx", "dlt")


def bars(done: Iterable[Done]) -> list[dict[str, Any]]:
    """Return each bar's name, value, bar (text), and whether it was met."""
    found = []
    for job, results in done:
        for bar in job.bars:
            value = bar.value(results)
            shown = None if value is None else round(value, 3)
            found.append({"name": bar.name, "value": shown, "bar": _wanted(bar), "met": bar.met(value)})
    return found


def printed(done: Iterable[Done]) -> str:
    """Return the bars as a table for a terminal: what was reached, the limit, whether it is met."""
    rows = [("", "now", "bar", "met?"), *(_row(bar) for bar in bars(done))]
    widths = [max(len(row[n]) for row in rows) for n in range(4)]
    return "\n".join(
        f"{name:<{widths[0]}}  {now:>{widths[1]}}  {bar:>{widths[2]}}  {met}".rstrip() for name, now, bar, met in rows
    )


def write(done: list[Done], worlds: Sequence[World], repeat: int, folder: Path, *, drawn: bool) -> None:
    """Write RESULTS.md; where it is to be drawn, RESULTS.png."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [
        "# Side by side",
        "",
        f"{_sizes(worlds)}; up to {repeat} run{'s' if repeat > 1 else ''} of each way;"
        f" {datetime.now(UTC):%d %B %Y}. Made by `python -m benchmarks`, whose docstring says how.",
        "",
        f"- {machine()}",
        f"- Ours: Python {platform.python_version()}, {', '.join(f'{name} {version(name)}' for name in _OURS)}",
        f"- Beside: {_versions_of_peers()}; {_said(worlds[0].psql, '--version')}",
        *(
            f"- Data, {world.company.name}: {_megabytes(world.raw_folder)} of raw CSV,"
            f" {_megabytes(world.star_folder)} of star CSV"
            for world in worlds
        ),
        "",
        "wall: median, in brackets least and longest; CPU and peak memory of all processes together; written: bytes of"
        " the files at the end.",
        "",
        "![wall time and memory](RESULTS.png)",
        "",
        "## Bars",
        "",
        *_bars(done),
    ]
    for job, results in done:
        lines += ["", *_table(job, results)]
    write_but_section(folder / "RESULTS.md", "\n".join(lines) + "\n")
    if drawn:
        _draw(done, worlds, folder / "RESULTS.png")


def section(job: Job, results: dict[str, Result]) -> str:
    """Write a job with its bars as a section of its own."""
    title, *table = _table(job, results)
    return "\n".join([title, "", machine(), "", *_bars([(job, results)]), *table]) + "\n"


def _bars(done: Iterable[Done]) -> Iterable[str]:
    yield "| | now | bar | met? |"
    yield "|---|---:|---:|---|"
    yield from (f"| {' | '.join(_row(bar))} |" for bar in bars(done))


def machine() -> str:
    """Return what it was measured on."""
    memory = f"{machine_memory_mb() / 1000:.0f} GB"
    return f"Machine: {_processor()}, {os.cpu_count()} cores, {memory}, Linux {platform.release()}"


def machine_memory_mb() -> float:
    """Return the machine's memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e6


def _table(job: Job, results: dict[str, Result]) -> Iterable[str]:
    yield f"## {job.title}"
    if job.told:
        yield from ("", job.told)
    if not job.ways:
        return
    yield from ("", "| way | runs | wall, s | CPU, s | peak memory, MB | written, MB | |")
    yield "|---|---:|---:|---:|---:|---:|---|"
    for way in job.ways:
        result = results[way.name]
        notes = "; ".join(text for text in (way.note, _in_one_line(result.error)) if text)
        if not result.counts:
            yield f"| {way.name} | {len(result.runs)} | failed | | | | {notes} |"
            continue
        least, longest = result.spread()
        wall = f"{result.figure('wall'):.2f} ({least:.2f}–{longest:.2f})"
        figures = f"{result.figure('cpu'):.2f} | {result.figure('peak'):,.0f} | {result.figure('written'):,.1f}"
        yield f"| {way.name} | {len(result.runs)} | {wall} | {figures} | {notes} |"


def _draw(done: list[Done], worlds: Sequence[World], path: Path) -> None:
    """Let matplotlib, which only the peers' environment has, draw what is beside others."""
    panels = [
        {
            "title": job.title.replace("`", ""),
            "ways": [
                {"name": way.name, **{name: results[way.name].figure(name) for name in ("wall", "peak")}}
                for way in job.ways
                if results[way.name].counts
            ],
        }
        for job, results in done
        if any(not result.is_ours for result in results.values())
    ]
    if not panels:
        return
    told = json.dumps({"title": _sizes(worlds), "panels": panels})
    subprocess.run([PEERS, HERE / "peers" / "picture.py", path], input=told, text=True, check=True)


def _row(bar: dict[str, Any]) -> tuple[str, str, str, str]:
    """Return a bar's name, value, limit, and whether it is met; of what has no limit the last two are empty."""
    value = "failed" if bar["value"] is None else f"{bar['value']:.2f}"
    return bar["name"], value, bar["bar"], ("yes" if bar["met"] else "no") if bar["bar"] else ""


def _sizes(worlds: Sequence[World]) -> str:
    """Return how large the companies are."""
    named = {SAMPLE.name: "contracts of the sample company", TPCH.name: "lines of TPC-H"}
    return " and ".join(f"{world.rows:,} {named[world.company.name]}" for world in worlds)


def _wanted(bar: Bar) -> str:
    if bar.limit is None:
        return ""
    return f"{'≥' if bar.least else '≤'} {bar.limit:.3f}".rstrip("0").rstrip(".")


def _in_one_line(error: str) -> str:
    """Leave of what a command said when it failed its last two lines, and none of a traceback's."""
    lines = [line for line in error.splitlines() if line[:1].strip()]
    return " … ".join(dict.fromkeys([*lines[:1], *lines[-2:]])).replace("|", "\\|") if lines else ""


def _megabytes(folder: Path) -> str:
    return f"{sum(path.stat().st_size for path in folder.glob('*.csv')) / 1e6:,.0f} MB"


def _versions_of_peers() -> str:
    code = f"from importlib.metadata import version\nprint(', '.join(n + ' ' + version(n) for n in {_PEERS}))"
    return _said(PEERS, "-c", code)


@cache
def _said(*command: str | Path) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())
