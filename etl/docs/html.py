"""The dictionary as one HTML file, rendered from its Markdown.

It needs no network, and runs no script but the search and what lights the star up. Mermaid's pictures are left out:
drawing them takes a program from the network. Of the star there is one that is drawn here; what the others show is in
the text, too.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from etl.docs.anchors import anchor_of
from etl.docs.lineage import Kind
from etl.docs.markdown import NOTE, anchors, slugs_of
from etl.docs.parts import Book
from etl.docs.star import svg

_HERE = Path(__file__).parent
_FIGURE = '<figure class="wide" tabindex="0">\n{}</figure>\n'
_TABLE = '<div class="wide" tabindex="0" role="region" aria-label="Table">\n<table>'


@dataclass
class Section:
    """A heading, what is below it, and the sections of the next level. also: an anchor that others link to."""

    title: str
    anchor: str
    body: Markup
    also: str = ""
    sections: list["Section"] = field(default_factory=list)


def html(markdown: str, book: Book) -> str:
    """Return the whole file, of a book and its Markdown. Only style and script of this folder may lay out or run."""
    style, search, star = ((_HERE / name).read_text(encoding="utf-8") for name in ("style.css", "filter.js", "star.js"))
    style, script = f"\n{style}", f"\n{search}{star}"
    environment = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True
    )
    return environment.get_template("dictionary.html").render(
        book=_sections(markdown, book),
        style=Markup(style),  # noqa: S704  # our own file
        style_hash=_hash(style),
        script=Markup(script),  # noqa: S704  # our own file
        script_hash=_hash(script),
    )


def _sections(markdown: str, book: Book) -> Section:
    """Return the text by its headings: the whole, its chapters, and their entries."""
    where = anchors(book)
    drawn = {chapter.picture: svg(chapter.star, where) for chapter in book.chapters if chapter.star}
    stable = {slug: anchor_of(node.name) for node, slug in where.items() if node.kind is Kind.MEASURE}
    parser = MarkdownIt("commonmark").enable("table").disable("html_inline")
    tokens = parser.parse(markdown.removeprefix(NOTE))
    starts = [number for number, token in enumerate(tokens) if token.type == "heading_open"]
    titles = ["".join(piece.content for piece in tokens[start + 1].children or []) for start in starts]
    path: list[Section] = []
    for start, end, title, anchor in zip(starts, [*starts[1:], None], titles, slugs_of(titles), strict=True):
        shown = list(_prepared(tokens[start + 3 : end], drawn))
        body = parser.renderer.render(shown, parser.options, {})
        body = body.replace("<table>", _TABLE).replace("</table>", "</table>\n</div>")
        section = Section(title, anchor, Markup(body), stable.get(anchor, ""))  # noqa: S704  # every text is escaped
        del path[int(tokens[start].tag[1:]) - 1 :]
        if path:
            path[-1].sections.append(section)
        path.append(section)
    return path[0]


def _prepared(tokens: Sequence[Token], drawn: Mapping[str, str]) -> Iterator[Token]:
    """Leave pictures out that are not drawn here, and make the first cell of each row its heading."""
    previous, first = "", False
    for token in tokens:
        if token.type == "td_open":
            first = previous == "tr_open"
            token.attrs |= {"scope": "row"} if first else {}
        if token.type in ("td_open", "td_close") and first:
            token.tag = "th"
        if token.type != "fence" or token.info != "mermaid":
            yield token
        elif picture := drawn.get(token.content.removesuffix("\n")):
            yield Token("html_block", "", 0, content=_FIGURE.format(picture))
        previous = token.type


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
