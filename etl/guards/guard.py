"""What a guard is: declared once, on top of the function that judges, and known by that function's name."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from etl.guards.figures import Worse

DOWNLOAD, TRANSFORM, LOAD = "download", "transform", "load"
THE_SOURCE = "the source"
"""What a person looks at first, unless the guard knows better."""
WHOLE_NIGHT = "night"
"""What stands for the table where a guard judges a stage, or all of them."""


class Seen(Protocol):
    """What a guard looks at. name: the table's, or the stage's."""

    @property
    def name(self) -> str:
        """What the refusal is told of."""


S = TypeVar("S", bound=Seen)


@dataclass(frozen=True)
class Finding:
    """Why a person should look first: a sentence with the figures of both nights, and what --accept is to name.

    figure: a number, a date or time, or, where there is nothing to count, the `fingerprint` of what was looked at;
    column: of the table, where it concerns one alone; look: at what, where it is not the source alone.
    """

    sentence: str
    figure: str
    column: str = ""
    look: str = THE_SOURCE


@dataclass(frozen=True)
class Refusal:
    """What a guard refuses: the table (or table.column, or stage), the guard, what it found and where to look."""

    table: str
    guard: str
    sentence: str
    figure: str
    look: str = THE_SOURCE

    @property
    def name(self) -> str:
        """What the log and the manifest call it."""
        return f"{self.table}:{self.guard}"

    @property
    def accept(self) -> str:
        """What --accept has to say to let it pass."""
        return f"{self.name}={self.figure}"


@dataclass(frozen=True)
class Guard(Generic[S]):
    """A guard. name: as in --accept TABLE:GUARD=FIGURE; stages: at which it judges; worse: which figures are.

    stops: what it refuses, to be read by those who run the nights; reads: the options of a contract, or the lines of a
    query's header, that it goes by; needs: whether a contract, or such a header, has what it judges; of_columns:
    whether it judges each reference by itself.
    """

    name: str
    stages: tuple[str, ...]
    worse: Worse
    stops: str
    judge: Callable[[S], Iterable[Finding]]
    reads: tuple[str, ...]
    needs: Callable[[Any], bool]
    of_columns: bool

    def label(self, table: str, column: str = "") -> str:
        """Return what the log, the manifest and --accept call its refusal of a table."""
        return f"{table}.{column}:{self.name}" if column else f"{table}:{self.name}"

    def refusals(self, seen: S) -> list[Refusal]:
        """Judge, and return what is refused."""
        return [
            Refusal(
                f"{seen.name}.{found.column}" if found.column else seen.name,
                *(self.name, found.sentence, found.figure, found.look),
            )
            for found in self.judge(seen)
        ]


def guard(
    *stages: str,
    worse: Worse,
    stops: str,
    reads: tuple[str, ...] = (),
    needs: Callable[[Any], bool] = lambda _: True,
    of_columns: bool = False,
) -> Callable[[Callable[[S], Iterable[Finding]]], Guard[S]]:
    """Declare the function beneath, which yields what it finds, as the guard of its name (see `Guard`)."""

    def declared(judge: Callable[[S], Iterable[Finding]]) -> Guard[S]:
        return Guard(judge.__name__, stages, worse, stops, judge, reads, needs, of_columns)

    return declared


def judged(guards: Iterable[Guard[S]], *every: S) -> list[Refusal]:
    """Return what the guards refuse of what they are shown, in this order."""
    return [refusal for seen in every for one in guards for refusal in one.refusals(seen)]
