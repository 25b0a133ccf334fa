"""A guide that is a transcript: its commands are run, its edits are made, and what they print is what it says.

Of the fenced blocks of a Markdown file, in their order:

- `console`: lines that begin with "$ " are commands of one shell session, the others what they print on both streams.
  "…" within a line stands for anything, a line of its own for any lines.
- `diff`: is applied to a file in the folder where the session is; what it adds was typed by a person.
- any other kind whose first line names a file, `# path`: makes that file, which a person typed.
"""

import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"# (\S+\.\w+)\n")
_ANY = "…"


@dataclass
class Session:
    """A shell session. folder: where it is; names: what the guide calls things that have other names here."""

    folder: Path
    names: Mapping[str, str]
    environment: Mapping[str, str]
    typed: dict[str, list[str]] = field(default_factory=dict)

    def here(self, text: str) -> str:
        """Put the names of here into a text of the guide."""
        for name, ours in self.names.items():
            text = text.replace(name, ours)
        return text

    def there(self, text: str) -> str:
        """Put the guide's names into a text of here."""
        for name, ours in self.names.items():
            text = text.replace(ours, name)
        return text

    def run(self, command: str) -> str:
        """Run a command; return what it prints."""
        if moved := re.fullmatch(r"cd (\S+)", command):
            self.folder = (self.folder / self.here(moved[1])).resolve()
            return ""
        done = subprocess.run(
            ["bash", "-c", self.here(command)], cwd=self.folder, env=dict(self.environment), text=True, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        return self.there(done.stdout)

    def apply(self, diff: str) -> None:
        """Apply a diff, in which lines are found by what they are, and not by their number."""
        head, *hunks = re.split(r"^@@.*@@\n", diff, flags=re.MULTILINE)
        target = re.search(r"^\+\+\+ (\S+)", head, re.MULTILINE)
        assert target, diff
        text = (self.folder / target[1]).read_text(encoding="utf-8")
        for hunk in hunks:
            lines = hunk.splitlines(keepends=True)
            before, after = ("".join(line[1:] for line in lines if line[0] in " " + sign) for sign in "-+")
            assert text.count(before) == 1, f"{target[1]} does not have once:\n{before}"
            text = text.replace(before, after)
            self._note(target[1], [line[1:] for line in lines if line[0] == "+"])
        (self.folder / target[1]).write_text(text, encoding="utf-8")

    def make(self, name: str, text: str) -> None:
        """Write a file."""
        (self.folder / name).write_text(text, encoding="utf-8")
        self._note(name, text.splitlines())

    def _note(self, name: str, lines: list[str]) -> None:
        self.typed.setdefault(name, []).extend(line for line in lines if line.strip())


def steps(guide: str) -> Iterator[tuple[str, str]]:
    """Return each step of a guide: its kind and its text. Of commands: the command, and what is expected of it."""
    for found in _BLOCK.finditer(guide):
        kind, text = found[1], found[2]
        if kind == "console":
            for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
                yield "command", part
        elif kind == "diff" or _FILE.match(text):
            yield kind, text


def play(guide: str, session: Session) -> Iterator[str]:
    """Play a guide; return a sentence for each command that printed something else than it says."""
    for kind, text in steps(guide):
        if kind == "command":
            lines = text.splitlines()
            continued = list(takewhile(lambda line: line.endswith("\\"), lines))
            command, expected = "\n".join(lines[: len(continued) + 1]), lines[len(continued) + 1 :]
            printed = [line.rstrip() for line in session.run(command).splitlines()]
            if not agrees([line for line in expected if line.strip()], [line for line in printed if line]):
                yield "\n".join([f"$ {command} printed:", *printed, "and not:", *expected])
        elif kind == "diff":
            session.apply(text)
        else:
            named = _FILE.match(text)
            assert named
            session.make(named[1], text[named.end() :])


def agrees(expected: list[str], printed: list[str]) -> bool:
    """Whether lines are those that are expected."""
    if not expected:
        return not printed
    first, *rest = expected
    if first == _ANY:
        return any(agrees(rest, printed[start:]) for start in range(len(printed) + 1))
    line = ".*".join(map(re.escape, first.rstrip().split(_ANY)))
    return bool(printed) and re.fullmatch(line, printed[0]) is not None and agrees(rest, printed[1:])
