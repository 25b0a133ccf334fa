"""What a check is: declared once, on top of the function that looks, and found in its file."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Generic, TypeVar

import etl.doctor
from etl.core.errors import DataError, EtlError

OK, WARNING, FAILURE = "ok", "warning", "failure"
LEVELS = (OK, WARNING, FAILURE)
"""From the best to the worst; a level's place is the exit code."""

S = TypeVar("S")


class UnseenError(DataError):
    """A check could not look, so that nobody knows what it would have found."""


@dataclass(frozen=True)
class Finding:
    """What a check says: a sentence, and the cure where it is a warning or a failure."""

    level: str
    sentence: str
    cure: str = ""


@dataclass(frozen=True)
class Check(Generic[S]):
    """A check. name: its function's; finds: what it looks for, as a person would say it."""

    name: str
    finds: str
    look: Callable[[S], Iterable[Finding]]

    def findings(self, seen: S) -> list[Finding]:
        """Look; an error that a stage raises is a failure, one that kept the check from looking a warning."""
        found: list[Finding] = []
        try:
            found.extend(self.look(seen))
        except UnseenError as error:
            found.append(warning(f"Not looked at: {self.finds}. {error.message}", error.hint))
        except EtlError as error:
            found += failures(error)
        return found


def check(*, finds: str) -> Callable[[Callable[[S], Iterable[Finding]]], Check[S]]:
    """Declare the function beneath, which yields what it finds, as the check of its name."""

    def declared(look: Callable[[S], Iterable[Finding]]) -> Check[S]:
        return Check(look.__name__, finds, look)

    return declared


def checks(*files: str) -> list[Check[Any]]:
    """Return every check of some files of this package, in their order; a file that there is not has none."""
    there = {found.name for found in iter_modules(etl.doctor.__path__)}
    return [one for name in files if name in there for one in _of_file(name)]


def _of_file(name: str) -> Iterator[Check[Any]]:
    module = import_module(f"{etl.doctor.__name__}.{name}")
    return (one for one in vars(module).values() if isinstance(one, Check))


def counted(number: int, one: str, several: str) -> str:
    """Write a number of things."""
    return f"{number:,} {one if number == 1 else several}"


def ok(sentence: str) -> Finding:
    """Say that all is well."""
    return Finding(OK, sentence)


def warning(sentence: str, cure: str) -> Finding:
    """Say what a person should know, although the night would run."""
    return Finding(WARNING, sentence, cure)


def failure(sentence: str, cure: str) -> Finding:
    """Say what would fail the night."""
    return Finding(FAILURE, sentence, cure)


def failures(error: EtlError) -> list[Finding]:
    """Return what an error says, each of its faults with its own cure."""
    return [failure(part.message, part.hint) for part in error.parts or (error,)]
