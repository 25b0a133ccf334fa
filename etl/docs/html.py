"""The dictionary as one HTML file that needs nothing else: no network, and no script but for the filter."""

import base64
import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from etl.docs.lineage import Kind, Node
from etl.docs.parts import Book
from etl.docs.svg import drawn, highlighting

_HERE = Path(__file__).parent
_KINDS = {kind: kind.value for kind in Kind} | {Kind.RECORD: "table of the engine"}


def html(book: Book) -> str:
    """Give the whole file. Texts are escaped; only what is in this folder may run or lay out."""
    ids = _ids(book)
    anchors = {**{entry.node: ids[entry.node] for chapter in book.chapters for entry in chapter.entries}}
    chapter_ids = [ids[chapter.title] for chapter in book.chapters]
    anchors |= {c.node: name for c, name in zip(book.chapters, chapter_ids, strict=True) if c.node}
    graphs = [chapter.graph for chapter in book.chapters]
    pictures = [drawn(graph, f"picture-{n}", anchors) if graph else "" for n, graph in enumerate(graphs)]
    most = max((len(graph.nodes) for graph in graphs if graph), default=0)
    style = f"\n{_read('style.css')}{highlighting(most)}\n"
    script = f"\n{_read('filter.js')}"
    environment = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True
    )
    return environment.get_template("dictionary.html").render(
        book=book,
        anchors=anchors,
        chapter_ids=chapter_ids,
        pictures=pictures,
        kinds=_KINDS,
        style=Markup(style),  # noqa: S704  # our own file
        style_hash=_hash(style),
        script=Markup(script),  # noqa: S704  # our own file
        script_hash=_hash(script),
    )


def _ids(book: Book) -> dict[Node | str, str]:
    """Give every entry an id of its kind and name, and every chapter one of its title, each another one."""
    wanted: list[tuple[Node | str, str]] = [(chapter.title, chapter.title) for chapter in book.chapters]
    entries = [entry.node for chapter in book.chapters for entry in chapter.entries]
    wanted += [(node, f"{node.kind.value}-{node.name}") for node in entries]
    ids: dict[Node | str, str] = {}
    taken: set[str] = set()
    for thing, text in wanted:
        slug = re.sub(r"\W+", "-", text.lower()).strip("-")
        ids[thing] = next(name for name in _variants(slug) if name not in taken)
        taken.add(ids[thing])
    return ids


def _variants(slug: str) -> Iterable[str]:
    yield slug
    number = 2
    while True:
        yield f"{slug}-{number}"
        number += 1


def _read(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
