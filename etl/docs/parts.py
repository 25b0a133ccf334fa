"""What a dictionary consists of, however it is written: chapters of entries, made of pieces of text."""

import re
from dataclasses import dataclass

from etl.docs.lineage import Node
from etl.docs.star import Star


@dataclass(frozen=True)
class Code:
    """A name or value as it is written in code."""

    text: str


@dataclass(frozen=True)
class To:
    """A link to the entry or chapter of a node. text: what is shown instead of its name."""

    node: Node
    text: str = ""

    @property
    def shown(self) -> str:
        """What is shown."""
        return self.text or self.node.name


Line = tuple[str | Code | To, ...]
"""A text in pieces."""


@dataclass(frozen=True)
class Grid:
    """A table. headings: of the columns, the first one of which names the rows."""

    headings: tuple[Line, ...]
    rows: tuple[tuple[Line, ...], ...]


@dataclass(frozen=True)
class Listing:
    """Code that is shown as it is. language: as Markdown calls it."""

    title: str
    language: str
    text: str


@dataclass(frozen=True)
class Entry:
    """One thing that is explained. facts: terms and what is to be said of them."""

    node: Node
    summary: Line
    more: tuple[Line, ...] = ()
    facts: tuple[tuple[str, Line], ...] = ()
    columns: Grid | None = None
    listings: tuple[Listing, ...] = ()


@dataclass(frozen=True)
class Chapter:
    """A chapter. node: what it is of, if others refer to it; picture: in Mermaid; items: of a list.

    star: what the picture shows, where the HTML draws it.
    """

    title: str
    intro: tuple[Line, ...] = ()
    node: Node | None = None
    grid: Grid | None = None
    picture: str = ""
    star: Star | None = None
    items: tuple[Line, ...] = ()
    entries: tuple[Entry, ...] = ()


@dataclass(frozen=True)
class Book:
    """The dictionary."""

    title: str
    about: tuple[Line, ...]
    chapters: tuple[Chapter, ...]


def prose(text: str) -> Line:
    """Read a sentence, in which `back quotes` hold code."""
    parts = re.split(r"`([^`\n]+)`", " ".join(text.split()))
    return tuple(Code(part) if number % 2 else part for number, part in enumerate(parts) if part)


def paragraphs(text: str) -> tuple[Line, ...]:
    """Read a text of paragraphs."""
    return tuple(prose(part) for part in re.split(r"\n\s*\n", text) if part.strip())


def listed(pieces: list[Line], separator: str = ", ") -> Line:
    """Put lines one behind the other."""
    return tuple(piece for number, line in enumerate(pieces) for piece in ((separator,) if number else ()) + line)


def codes(names: tuple[str, ...]) -> Line:
    """List names of columns."""
    return listed([(Code(name),) for name in names])


def links(nodes: tuple[Node, ...]) -> Line:
    """List nodes."""
    return listed([(To(node),) for node in nodes])


def counted(number: int, what: str) -> str:
    """Return how many there are: 1 query, 2 queries."""
    plural = f"{what[:-1]}ies" if what.endswith("y") else f"{what}s"
    return f"{number} {what if number == 1 else plural}"


def share(share: float) -> str:
    """Write a share as a percentage."""
    return f"{share * 100:.10g} %"
