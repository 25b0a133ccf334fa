"""Dictionaries as a reader sees them: HTML through Python's parser, Markdown through the one that rich brings."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token


class Html(HTMLParser):
    """What a browser would find: elements with their attributes, and the text outside scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._within = ""
        self.feed(text)
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.append((tag, dict(attrs)))
        self._within = tag

    def handle_endtag(self, tag: str) -> None:
        """Leave it."""
        self._within = ""

    def handle_data(self, data: str) -> None:
        """Note text."""
        if self._within not in ("script", "style"):
            self.text += data

    def values(self, attribute: str) -> list[str]:
        """Give all values of an attribute."""
        return [str(found[attribute]) for _, found in self.elements if attribute in found]


class Markdown:
    """What GitHub would find: headings, links, and the text as it is read."""

    def __init__(self, text: str) -> None:
        tokens = self._top = MarkdownIt("commonmark").enable("table").parse(text)
        self.headings = [tokens[n + 1] for n, token in enumerate(tokens) if token.type == "heading_open"]
        self.tokens = list(_flat(tokens))
        self.links = [unquote(str(token.attrGet("href"))) for token in self.tokens if token.type == "link_open"]
        self.text = " ".join(" ".join(token.content for token in self.tokens if not token.children).split())

    def listings(self, language: str) -> list[str]:
        """Give the blocks of code in a language."""
        return [token.content for token in self.tokens if token.type == "fence" and token.info == language]

    def table(self, heading: str) -> dict[str, dict[str, str]]:
        """Give the first table below a heading: the cells of each row by the columns' headings."""
        start = next(n for n, token in enumerate(self._top) if token.type == "inline" and token.content == heading)
        begin = next(n for n in range(start, len(self._top)) if self._top[n].type == "table_open")
        end = next(n for n in range(begin, len(self._top)) if self._top[n].type == "table_close")
        rows: list[list[str]] = []
        for token in self._top[begin:end]:
            if token.type == "tr_open":
                rows.append([])
            elif token.type == "inline":
                rows[-1].append("".join(child.content for child in token.children or []))
        return {row[0]: dict(zip(rows[0][1:], row[1:], strict=True)) for row in rows[1:]}

    def anchors(self) -> list[str]:
        """Give the headings' anchors as GitHub makes them."""
        found: dict[str, int] = {}
        anchors = []
        for heading in self.headings:
            shown = "".join(token.content for token in heading.children or [])
            slug = re.sub(r"[^\w -]", "", shown.lower()).replace(" ", "-")
            count = found[slug] = found.get(slug, -1) + 1
            anchors.append(f"{slug}-{count}" if count else slug)
        return anchors


def _flat(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _flat(token.children or [])
