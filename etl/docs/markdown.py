"""The dictionary as Markdown, as GitHub reads it: with Mermaid for the pictures."""

import html
import re
from collections.abc import Iterable, Iterator

from etl.docs.lineage import Node
from etl.docs.parts import Book, Chapter, Code, Entry, Grid, Line, Listing, To

_SPECIAL = re.compile(r"[\\`*\[\]<>|~$&#]|(?<!\w)_|_(?!\w)")
_LIST = re.compile(r"^([-+=]|\d+(?=[.)]))")
NOTE = "<!-- Written by `python -m etl docs`: change the contracts, queries or report instead. -->"


class Markdown:
    """Writes a book."""

    def __init__(self, book: Book) -> None:
        self._book, self._anchors = book, anchors(book)

    def text(self) -> str:
        """Return the whole file."""
        return "\n\n".join([NOTE, f"# {escaped(self._book.title)}", *self._about(), *self._chapters()]) + "\n"

    def _about(self) -> Iterator[str]:
        yield from map(self._line, self._book.about)
        yield "\n".join(f"- [{escaped(title)}](#{slug})" for title, slug in self._contents())

    def _contents(self) -> list[tuple[str, str]]:
        every = headings(self._book)
        slugs = slugs_of([text for _, text, _ in every])
        return [(text, slug) for (level, text, _), slug in zip(every, slugs, strict=True) if level == 2]

    def _chapters(self) -> Iterator[str]:
        for chapter in self._book.chapters:
            yield f"## {escaped(chapter.title)}"
            yield from map(self._line, chapter.intro)
            yield from self._overview(chapter)
            for entry in chapter.entries:
                yield from self._entry(entry)

    def _overview(self, chapter: Chapter) -> Iterator[str]:
        if chapter.picture:
            yield fenced("mermaid", chapter.picture)
        if chapter.grid:
            yield self._grid(chapter.grid)
        if chapter.items:
            yield "\n".join(f"- {self._line(item)}" for item in chapter.items)

    def _entry(self, entry: Entry) -> Iterator[str]:
        yield f"### {escaped(entry.node.name)}"
        yield self._line(entry.summary)
        yield from map(self._line, entry.more)
        if entry.facts:
            yield "\n".join(f"- {escaped(term)}: {self._line(line)}" for term, line in entry.facts)
        if entry.columns:
            yield self._grid(entry.columns)
        for listing in entry.listings:
            yield self._listing(listing)

    def _listing(self, listing: Listing) -> str:
        shown = fenced(listing.language, listing.text)
        return f"<details><summary>{html.escape(listing.title)}</summary>\n\n{shown}\n\n</details>"

    def _grid(self, grid: Grid) -> str:
        lines = [self._row(grid.headings), "|" + "---|" * len(grid.headings), *map(self._row, grid.rows)]
        return "\n".join(lines)

    def _row(self, cells: Iterable[Line]) -> str:
        return "| " + " | ".join(self._line(cell, in_table=True) for cell in cells) + " |"

    def _line(self, line: Line, *, in_table: bool = False) -> str:
        return _LIST.sub(r"\\\1", "".join(self._piece(piece, in_table) for piece in line))

    def _piece(self, piece: str | Code | To, in_table: bool) -> str:
        if isinstance(piece, Code):
            return code(piece.text, in_table=in_table)
        if isinstance(piece, To):
            return f"[{escaped(piece.shown)}](#{self._anchors[piece.node]})"
        return escaped(piece)


def headings(book: Book) -> list[tuple[int, str, Node | None]]:
    """Return the headings: level, text, and the node that it is of."""
    found: list[tuple[int, str, Node | None]] = [(1, book.title, None)]
    for chapter in book.chapters:
        found.append((2, chapter.title, chapter.node))
        found += [(3, entry.node.name, entry.node) for entry in chapter.entries]
    return found


def anchors(book: Book) -> dict[Node, str]:
    """Return where each node is explained."""
    every = headings(book)
    slugs = slugs_of([text for _, text, _ in every])
    return {node: slug for (_, _, node), slug in zip(every, slugs, strict=True) if node}


def slugs_of(titles: list[str]) -> list[str]:
    """Return the anchors that GitHub gives headings: letters and digits, and a number if it is there already."""
    slugs: list[str] = []
    for text in titles:
        slug = base = re.sub(r"[^\w\- ]", "", " ".join(text.lower().split())).replace(" ", "-")
        number = 0
        while slug in slugs:
            number += 1
            slug = f"{base}-{number}"
        slugs.append(slug)
    return slugs


def escaped(text: str) -> str:
    """Write a text so that Markdown reads it as it is."""
    return _SPECIAL.sub(lambda match: f"\\{match[0]}", " ".join(text.split(" ")).replace("\n", " "))


def code(text: str, *, in_table: bool = False) -> str:
    """Write code within a line."""
    text = " ".join(text.split()) or " "
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    space = " " if "`" in text else ""
    shown = f"{fence}{space}{text}{space}{fence}"
    return shown.replace("|", "\\|") if in_table else shown


def fenced(language: str, text: str) -> str:
    """Write a block of code."""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{fence}{language}\n{text}\n{fence}"
