"""What an environment holds beside what its lists of requirements name: `installed.py others|lacking LIST…`.

setup.sh runs this file by its path, with the environment's own Python. It imports the standard library, and of the
environment pip alone.
"""

import re
import sys
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path

from pip._vendor.packaging.requirements import InvalidRequirement, Requirement
from pip._vendor.packaging.utils import canonicalize_name

TOOLS = frozenset({"pip", "setuptools", "wheel", "nightly-etl"})
"""What no list has to name: what installs, and this project where somebody installed it for development."""


class UnreadableError(Exception):
    """A list has a line whose package only pip can name, such as a path."""


def named(text: str) -> Iterator[Requirement]:
    """Read the requirements of a list, or of a lock, that concern this machine. Raises UnreadableError."""
    for line in text.replace("\\\n", " ").splitlines():
        line = re.sub(r"(^|\s)#.*", "", re.sub(r"\s--hash=\S+", "", line)).strip()
        if not line or line.startswith(("-c ", "--constraint")):
            continue
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            raise UnreadableError(line) from None
        if requirement.marker is None or requirement.marker.evaluate():
            yield requirement


def closure(wanted: list[Requirement], needs: dict[str, list[str]]) -> set[str]:
    """Name what is wanted, and what that needs in turn. needs: by installed package, as its metadata says."""
    seen: set[tuple[str, str]] = set()
    ahead = [(canonicalize_name(each.name), extra) for each in wanted for extra in ("", *each.extras)]
    while ahead:
        package, extra = ahead.pop()
        if (package, extra) in seen:
            continue
        seen.add((package, extra))
        for need in map(Requirement, needs.get(package, ())):
            if need.marker is None or need.marker.evaluate({"extra": extra}):
                ahead += [(canonicalize_name(need.name), each) for each in ("", *need.extras)]
    return {package for package, _ in seen}


def needs_of_installed() -> dict[str, list[str]]:
    """Return by each installed package what its metadata says that it needs."""
    return {canonicalize_name(each.metadata["Name"]): each.requires or [] for each in distributions()}


def main(question: str, *lists: str) -> None:
    """Print the answer, a package a line; nothing is one too many where a list cannot be read."""
    needs = needs_of_installed()
    try:
        wanted = [each for path in lists for each in named(Path(path).read_text(encoding="utf-8"))]
    except UnreadableError:
        return
    there = closure(wanted, needs) if question == "others" else {canonicalize_name(each.name) for each in wanted}
    print(*sorted((set(needs) - there - TOOLS) if question == "others" else there - set(needs)), sep="\n", end="")


if __name__ == "__main__":
    main(*sys.argv[1:])
