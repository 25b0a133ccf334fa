"""A crontab as cron reads it: its variables, its lines, and what is wrong with them."""

import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from etl.doctor.check import Finding, failure, warning

_VARIABLE = re.compile(r"\s*([A-Za-z_]\w*)\s*=\s*(.*)")
_SPECIAL = ("@reboot", "@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
_FIELDS: tuple[tuple[str, int, int, list[str]], ...] = (
    ("minute", 0, 59, []),
    ("hour", 0, 23, []),
    ("day of the month", 1, 31, []),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 7, _DAYS),
)
_PART = re.compile(r"(?:\*|(\w+)(?:-(\w+))?)(?:/(\d+))?")
_USER = re.compile(r"[a-z_][a-z0-9_-]*")
_BARE_PATH = "/usr/bin:/bin"
"""What cron's PATH is where the crontab sets none."""


@dataclass(frozen=True)
class Line:
    """A line that starts something. variables: those that were set above it."""

    number: int
    when: tuple[str, ...]
    command: str
    variables: Mapping[str, str]

    @property
    def path(self) -> str:
        """The PATH in which it runs."""
        return self.variables.get("PATH", _BARE_PATH)

    @property
    def is_ours(self) -> bool:
        """Whether it runs a night."""
        command = self.expanded(self.command)
        return "nightly.sh" in command or re.search(r"\betl[\"']? night\b", command) is not None

    @property
    def time(self) -> tuple[int, int] | None:
        """The hour and minute at which it starts, where it is one a day."""
        if len(self.when) == 5 and self.when[0].isdecimal() and self.when[1].isdecimal():
            return int(self.when[1]), int(self.when[0])
        return None

    @property
    def due(self) -> tuple[int, int] | None:
        """What its --due says."""
        found = re.search(r"--due[= ](\d+):(\d+)", self.command)
        return (int(found[1]), int(found[2])) if found else None

    @property
    def folder(self) -> Path | None:
        """The folder that it changes to, as far as that can be told."""
        found = re.search(r"""\bcd\s+("[^"]+"|'[^']+'|[^\s;&]+)""", self.command)
        return Path(self.expanded(found[1].strip("\"'"))) if found else None

    @property
    def settings_file(self) -> Path | None:
        """The settings file that it names."""
        found = re.search(r"""--env[= ]("[^"]+"|'[^']+'|[^\s;&}]+)""", self.command)
        if not found:
            return None
        named = Path(self.expanded(found[1].strip("\"'")))
        return (self.folder or Path("/")) / named

    def expanded(self, text: str) -> str:
        """Put the variables' values into a text."""
        return re.sub(r"\$\{?(\w+)\}?", lambda m: self.variables.get(m[1], m[0]), text)


def read_crontab(text: str) -> tuple[list[Line], list[Finding]]:
    """Read a crontab: its lines, and what cron would not take."""
    found, faults, variables = list[Line](), list[Finding](), dict[str, str]()
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        variable = _VARIABLE.fullmatch(line)
        if variable:
            variables = variables | {variable[1]: variable[2].strip().strip("\"'")}
            continue
        words = line.split()
        count = 1 if words[0].startswith("@") else 5
        when = tuple(words[:count])
        parts = line.split(None, count)
        command = parts[count] if len(parts) > count else ""
        faults += _faults(number, when, command)
        found.append(Line(number, when, command, variables))
    if text and not text.endswith("\n"):
        faults.append(failure("The last line has no line break at its end: cron does not read it.", "Add one."))
    if "CRON_TZ" in variables:
        faults.append(
            warning("CRON_TZ is set: not every cron knows it (Debian's does not).", "Write the machine's time instead.")
        )
    return found, faults


def _faults(number: int, when: tuple[str, ...], command: str) -> Iterator[Finding]:
    if when[0].startswith("@"):
        if when[0] not in _SPECIAL:
            yield failure(f"Line {number}: cron does not know {when[0]}.", f"Write one of {', '.join(_SPECIAL)}.")
    elif len(when) < 5:
        yield failure(f"Line {number} has fewer than five times.", "Write: 30 2 * * *  COMMAND")
    else:
        for text, (what, least, most, names) in zip(when, _FIELDS, strict=True):
            if not _is_time(text, least, most, names):
                yield failure(
                    f"Line {number}: {text} is no {what}.", f"Write * or {least} to {most}, as in: 30 2 * * *  COMMAND"
                )
    if not command:
        yield failure(f"Line {number} has no command.", "Write: 30 2 * * *  COMMAND")
    if re.search(r"(?<!\\)%", command):
        yield failure(f"Line {number}: cron takes % for the end of the command.", r"Write \% instead.")
    first, _, rest = command.partition(" ")
    if rest and _is_user(first):
        yield failure(
            f"Line {number} names the user {first}, which only /etc/crontab and /etc/cron.d take.",
            f"Leave {first} out, and install it as that user: crontab crontab.txt",
        )


def _is_time(text: str, least: int, most: int, names: list[str]) -> bool:
    return all(_is_part(part.lower(), least, most, names) for part in text.split(","))


def _is_part(part: str, least: int, most: int, names: list[str]) -> bool:
    found = _PART.fullmatch(part)
    if not found:
        return False
    ends = [_number(end, least, names) for end in found.groups()[:2] if end is not None]
    within = all(end is not None and least <= end <= most for end in ends)
    return within and (len(ends) < 2 or ends[0] <= ends[1]) and found[3] != "0"  # type: ignore[operator]


def _number(text: str, least: int, names: list[str]) -> int | None:
    if text.isdecimal():
        return int(text)
    return names.index(text) + least if text in names else None


def _is_user(word: str) -> bool:
    import pwd

    try:
        pwd.getpwnam(word)
    except KeyError:
        return False
    return _USER.fullmatch(word) is not None and shutil.which(word) is None  # mail, sync are programs, too
