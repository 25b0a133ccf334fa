"""The examination: each part in a process of its own, side by side, ended when its time is over."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from config import Settings
from config.paths import ROOT
from config.redacted import redact
from etl.core.deadline import within
from etl.core.errors import EtlError, UsageError
from etl.core.names import guess
from etl.core.origin import read_url
from etl.core.orphan import end_with
from etl.doctor.check import FAILURE, LEVELS, Check, Finding, checks, failure, failures
from etl.doctor.company import Company, read_settings

SECONDS = 45.0
"""The longest that a part may take: a server that hangs keeps nobody waiting."""

SETTINGS, MACHINE, WAREHOUSE, POWER_BI, NOTICES, SCHEDULE = (
    *("settings", "machine", "warehouse", "Power BI", "notices", "schedule"),
)


@dataclass
class Part:
    """Something that is examined. files: those of its checks; opened: yields what these are shown.

    findings: what was found, by check; figures: what the sources guess of the night's bytes.
    """

    name: str
    files: tuple[str, ...]
    opened: Callable[[], AbstractContextManager[Any]]
    findings: list[tuple[str, Finding]] = field(default_factory=list)
    figures: dict[str, int | None] = field(default_factory=dict)

    @property
    def checks(self) -> list[Check[Any]]:
        """All that is looked at."""
        return checks(*self.files)


Hear = Callable[[dict[str, Any]], None]


def far_parts(company: Company) -> list[Part]:
    """Return what is asked over a network or in a file of somebody else's, each for a process of its own."""
    settings = company.settings
    parts = []
    for name in sorted(settings.sources):
        backend = read_url(name, settings.sources[name].get_secret_value()).get_backend_name()
        room = {"postgresql": "postgres", "mariadb": "mysql"}.get(backend, backend)
        files = ("source", *([room] if room != "duckdb" else []), "values")
        parts.append(Part(f"source {name}", files, partial(_open_source, company, name)))
    parts.append(Part(WAREHOUSE, (WAREHOUSE, settings.warehouse), partial(_open_warehouse, company)))
    if settings.powerbi_workspace:
        parts.append(Part(POWER_BI, ("power_bi",), lambda: nullcontext(company)))
    parts.append(Part(NOTICES, (NOTICES,), lambda: nullcontext(company)))
    return parts


def examine(settings_file: Path, only: Sequence[str] = ()) -> list[Part]:
    """Examine everything, or the parts of --only."""
    settings, faults = read_settings(settings_file)
    known = Part(SETTINGS, ("settings",), lambda: nullcontext(None))
    schedule = Part(SCHEDULE, (SCHEDULE,), partial(_open_schedule, settings_file, settings))
    if settings is None:
        known.findings = [("settings", fault) for fault in faults]
        look(schedule)
        return _chosen([known, schedule], only, strict=False)
    company = Company(settings_file, settings)
    known.opened = lambda: nullcontext(company)
    machine = Part(MACHINE, (MACHINE,), lambda: nullcontext())
    far = far_parts(company)
    chosen = _chosen([known, machine, *far, schedule], only, strict=True)
    running = [_Running(part, settings_file) for part in far if part in chosen]
    for part in (known, schedule):
        if part in chosen:
            look(part)
    for each in running:
        each.end()
    if machine in chosen:
        from etl.doctor.machine import SeenMachine

        figures = {name: size for part in far for name, size in part.figures.items()}
        machine.opened = lambda: nullcontext(SeenMachine(company, figures))
        try:
            within(SECONDS, lambda: look(machine))
        except TimeoutError:  # the data folder may be in a bucket
            told = failure(*_late("The data folder"))
            machine.findings.append(("folder", told))
    return chosen


def examine_part(settings_file: Path, name: str) -> None:
    """Examine one part in this process, and print what is found as it comes, a line of JSON each."""
    settings, _ = read_settings(settings_file)
    if settings is None:
        raise UsageError(f"The settings in {settings_file} cannot be read.", "Run `python -m etl doctor`.")
    part = next(part for part in far_parts(Company(settings_file, settings)) if part.name == name)
    look(part, lambda line: print(json.dumps(line), flush=True))


def look(part: Part, hear: Hear = lambda _: None) -> None:
    """Make every check of a part; where it cannot be opened, that is what is found. hear: told of all at once."""

    def note(name: str, found: Sequence[Finding]) -> None:
        said = {one for _, one in part.findings}  # two checks may meet the same fault
        redacted = (Finding(one.level, redact(one.sentence), redact(one.cure)) for one in found)
        told = [one for one in dict.fromkeys(redacted) if one not in said]
        part.findings += [(name, one) for one in told]
        for one in told:
            hear({"check": name} | asdict(one))

    first = part.checks[0].name
    hear({"begins": first})
    try:
        with part.opened() as seen:
            for one in part.checks:
                hear({"begins": one.name})
                note(one.name, one.findings(seen))
            part.figures = getattr(seen, "figures", {}) if part.name != MACHINE else {}
            hear({"figures": dict(part.figures)})
    except EtlError as error:
        note(first, failures(error))


class _Running:
    """A part that is examined in a process of its own."""

    def __init__(self, part: Part, settings_file: Path) -> None:
        self._part, self._until = part, time.monotonic() + SECONDS
        self._begun: str | None = None
        command = [sys.executable, "-m", "etl", "doctor", "--env", str(settings_file.absolute()), "--part", part.name]
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | {"PYTHONIOENCODING": "utf-8"},
            preexec_fn=partial(end_with, os.getpid()),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
        )
        self._errors: list[str] = []
        self._threads = [threading.Thread(target=target, daemon=True) for target in (self._hear, self._heed)]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Wait for its end, as long as it may take; then it is ended, and what it was at is told."""
        try:
            self._process.wait(max(self._until - time.monotonic(), 0))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            self._tell(*_late(f"{self._part.name[:1].upper()}{self._part.name[1:]}"))
            return
        finally:
            for thread in self._threads:
                thread.join(2)
            for stream in (self._process.stdout, self._process.stderr):
                if stream:
                    stream.close()
        if self._process.returncode:
            said = next((line for line in reversed(self._errors) if line.strip()), f"exit {self._process.returncode}")
            self._tell(f"The check {self._begun} crashed: {said.strip()}", "This is a bug: please report it.")

    def _tell(self, sentence: str, cure: str) -> None:
        self._part.findings.append((self._begun or self._part.checks[0].name, failure(redact(sentence), cure)))

    def _hear(self) -> None:
        for line in self._process.stdout or ():
            if not line.startswith("{"):  # a driver's word
                continue
            told = json.loads(line)
            if "begins" in told:
                self._begun = told["begins"]
            elif "figures" in told:
                self._part.figures = told["figures"]
            else:
                self._part.findings.append((told.pop("check"), Finding(**told)))

    def _heed(self) -> None:
        self._errors.extend(self._process.stderr or ())


def _late(what: str) -> tuple[str, str]:
    return (
        f"{what} did not answer within {SECONDS:.0f} seconds, and was looked at no further.",
        "Look whether the server hangs, and what is in between: a firewall, a tunnel, a proxy.",
    )


def _open_schedule(settings_file: Path, settings: Settings | None) -> AbstractContextManager[Any]:
    from etl.doctor.schedule import SeenSchedule

    return nullcontext(SeenSchedule(settings_file, settings))


def _open_source(company: Company, name: str) -> AbstractContextManager[Any]:
    from etl.doctor.source import opened

    return opened(company, name)


def _open_warehouse(company: Company) -> AbstractContextManager[Any]:
    from etl.doctor.warehouse import opened

    return opened(company)


def _chosen(parts: list[Part], only: Sequence[str], *, strict: bool) -> list[Part]:
    known = [part.name for part in parts]
    for name in only if strict else ():
        if name not in known:
            raise UsageError(f"There is no part {name}.", guess(name, known, f"Choose: {', '.join(known)}."))
    return [part for part in parts if not only or part.name in only]


def worst(parts: Sequence[Part]) -> str:
    """Return the worst level of all findings."""
    return max((one.level for part in parts for _, one in part.findings), key=LEVELS.index, default=FAILURE)


def lines(parts: Sequence[Part]) -> Iterator[tuple[str, str, Finding]]:
    """Return each finding with its part's and its check's name."""
    return ((part.name, name, one) for part in parts for name, one in part.findings)
