"""The schedule: the crontab beside the settings, the installed one, or a systemd timer."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from shlex import quote
from zoneinfo import ZoneInfo

from config import Settings
from config.paths import ROOT, SAMPLE_SETTINGS
from etl.core.names import query_files
from etl.doctor.check import Finding, check, failure, ok, warning
from etl.doctor.crontab import Line, read_crontab

_PROGRAMS = ("bash", "flock", "realpath", "sha256sum")
_TIMERS = (Path("/etc/systemd/system"), Path("~/.config/systemd/user"))


@dataclass
class SeenSchedule:
    """Where nights are started for a settings file. settings: None where they cannot be read.

    timers: the folders in which systemd's units are.
    """

    settings_file: Path
    settings: Settings | None
    timers: tuple[Path, ...] = field(default=_TIMERS)

    @property
    def file(self) -> Path | None:
        """The crontab beside the settings file, or the one of this project if that is where it is."""
        beside = self.settings_file.absolute().parent / "crontab.txt"
        return beside if beside.is_file() else None

    @property
    def units(self) -> list[Path]:
        """The systemd timers whose service runs a night of this settings file."""
        found = []
        for folder in self.timers:
            for timer in sorted(folder.expanduser().glob("*.timer")):
                service = timer.with_suffix(".service")
                text = _read(service) if service.is_file() else ""
                if "nightly.sh" in text and self.settings_file.name in text:
                    found.append(timer)
        return found

    def concerns(self, line: Line) -> bool:
        """Whether a line runs this settings file."""
        named = line.settings_file
        if named is None:
            return self.settings_file == SAMPLE_SETTINGS
        return named.name == self.settings_file.name and (not named.exists() or named.samefile(self.settings_file))


@check(finds="nothing that starts the nights")
def started(seen: SeenSchedule) -> Iterator[Finding]:
    """Look for a line of the installed crontab, or a timer."""
    installed = _installed()
    lines = read_crontab(installed)[0] if installed else []
    if any(line.is_ours and seen.concerns(line) for line in lines):
        yield ok("The installed crontab starts the nights of these settings.")
        yield from _faults_in("the installed crontab", installed or "", seen)
        if os.geteuid() == 0:
            yield warning("It is root's crontab.", "Let an ordinary user run the nights: docs/operating.md says how.")
    elif seen.units:
        yield ok(f"{seen.units[0].name} starts the nights of these settings.")
        for unit in seen.units:
            yield from _faults_of_unit(unit)
    else:
        yield warning(
            f"Nothing starts the nights of {seen.settings_file.name}: neither this user's crontab nor a systemd timer.",
            f"crontab {quote(str(seen.file))}"
            if seen.file
            else "Install crontab.txt or systemd/: docs/operating.md says how.",
        )


@check(finds="a crontab that cron would not read as it is meant")
def crontab(seen: SeenSchedule) -> Iterator[Finding]:
    """Read the file beside the settings as cron would."""
    if seen.file is None:
        return
    faults = list(_faults_in(seen.file.name, _read(seen.file), seen))
    yield from faults or [ok(f"{seen.file} is as cron wants it.")]


@check(finds="when the nights begin")
def due(seen: SeenSchedule) -> Iterator[Finding]:
    """Tell the machine's hour in the business time zone: cron goes by the machine's."""
    text = _installed() or (_read(seen.file) if seen.file else "")
    times = {line.time for line in read_crontab(text)[0] if line.is_ours and line.time}
    if not times or seen.settings is None:
        return
    hour, minute = min(time for time in times if time)
    here = datetime.now().astimezone().replace(hour=hour, minute=minute)
    zone = seen.settings.business_time_zone
    there = here.astimezone(ZoneInfo(zone))
    told = f"The night begins at {hour:02}:{minute:02} of this machine ({here:%Z}), which is {there:%H:%M} in {zone}."
    if 8 <= there.hour < 20:
        yield warning(f"{told} That is during the day.", "Set the machine's time zone (timedatectl) or the hour.")
    else:
        yield ok(told)


@check(finds="a schedule in which no night reads all rows, though queries are read by their changes")
def in_full(seen: SeenSchedule) -> Iterator[Finding]:
    """Look for --full in what starts the nights."""
    if seen.settings is None:
        return
    files = query_files(seen.settings.queries_dir)
    watched = [file.stem for file in files if re.search(r"^--\s*watermark:\s*\S", _read(file), re.MULTILINE)]
    text = _installed() or (_read(seen.file) if seen.file else "")
    commands = [line.command for line in read_crontab(text)[0] if line.is_ours and seen.concerns(line)]
    commands += [_read(timer.with_suffix(".service")) for timer in seen.units]
    if watched and commands and not any("--full" in command for command in commands):
        yield warning(
            f"No night of the schedule reads all rows, but {', '.join(watched)} are read by their changes: what no"
            " watermark tells is never seen.",
            f"Call one night a week with --full, as {ROOT / 'crontab.txt'} does.",
        )


def _faults_in(name: str, text: str, seen: SeenSchedule) -> Iterator[Finding]:
    lines, faults = read_crontab(text)
    for fault in faults:
        yield Finding(fault.level, f"{name}: {fault.sentence}", fault.cure)
    ours = [line for line in lines if line.is_ours]
    if not ours:
        yield failure(f"{name} has no line that runs nightly.sh.", f"Write one as in {ROOT / 'crontab.txt'}.")
    for line in ours:
        yield from _faults_of(name, line)
    if ours and not any(seen.concerns(line) for line in ours):
        yield warning(
            f"{name} runs other settings than {seen.settings_file.name}.",
            f"Write --env {seen.settings_file.absolute()} into its lines.",
        )


def _faults_of(name: str, line: Line) -> Iterator[Finding]:
    where = f"{name}, line {line.number}"
    missing = [program for program in _PROGRAMS if shutil.which(program, path=line.path) is None]
    if missing:
        yield failure(
            f"{where}: {', '.join(missing)} is not on the PATH {line.path}.",
            "Set PATH=/usr/local/bin:/usr/bin:/bin above it.",
        )
    folder = line.folder
    if folder and "$" not in str(folder) and not folder.is_dir():
        yield failure(f"{where}: there is no folder {folder}.", "Set ETL= above it to the folder of nightly.sh.")
    elif folder and not (folder / "nightly.sh").is_file() and "./nightly.sh" in line.command:
        yield failure(f"{where}: there is no nightly.sh in {folder}.", "Set ETL= above it to the folder of nightly.sh.")
    elif line.settings_file is None:
        yield warning(f"{where} names no settings file: it runs the sample company.", "Add --env prod.env.")
    elif not line.settings_file.is_file():
        yield failure(f"{where}: there is no settings file {line.settings_file}.", "Correct what stands after --env.")
    if line.due and line.time and line.due != line.time:
        yield failure(
            f"{where} starts at {_written(line.time)}, and its --due is {_written(line.due)}: a night may be left out.",
            "Write the same time in both.",
        )


def _faults_of_unit(timer: Path) -> Iterator[Finding]:
    """Read a unit as far as its paths go; what systemd itself finds is `systemd-analyze verify`'s."""
    text = _read(timer.with_suffix(".service"))
    for name in ("WorkingDirectory", "ExecStart", "ReadWritePaths"):
        for value in re.findall(rf"^{name}=(\S.*)$", text, re.MULTILINE):
            path = Path(value.split()[0].lstrip("-+!@:"))
            if path.is_absolute() and "%" not in str(path) and not path.exists():
                yield failure(f"{timer.stem}.service: {name} names {path}, which is not there.", "Correct the path.")
    if not re.search(r"^OnCalendar=\S", _read(timer), re.MULTILINE):
        yield failure(f"{timer.name} has no OnCalendar: it never starts.", "Write OnCalendar=*-*-* 02:30:00.")


def _read(file: Path) -> str:
    """Read a file; nothing of one that is not for us to read, such as another user's unit."""
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _written(time: tuple[int, int]) -> str:
    return f"{time[0]:02}:{time[1]:02}"


def _installed() -> str | None:
    """Read this user's crontab; None where there is none, or no cron."""
    program = shutil.which("crontab")
    if program is None:
        return None
    try:
        done = subprocess.run(
            [program, "-l"], capture_output=True, text=True, errors="replace", check=False, timeout=10
        )
    except subprocess.TimeoutExpired:
        return None
    return done.stdout if done.returncode == 0 else None
