"""The guide's short list of tables; each links into the dictionary."""

from etl.docs.lineage import Kind
from etl.docs.markdown import anchors, code, escaped
from etl.docs.parts import Book, Code, Line

BEGIN, END = "<!-- tables: begin (python -m etl docs) -->", "<!-- tables: end -->"


def renewed(guide: str, book: Book, dictionary: str) -> str:
    """Return the guide's text with the list of the star's tables between its marks, if it has them.

    dictionary: where the Markdown dictionary lies, as seen from the guide.
    """
    before, begin, rest = guide.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        return guide
    return f"{before}{BEGIN}\n\n{listed(book, dictionary)}\n\n{END}{after}"


def listed(book: Book, dictionary: str) -> str:
    """List the star's tables in Markdown, by what one row is."""
    where = anchors(book)
    entries = [entry for chapter in book.chapters for entry in chapter.entries]
    rows = [
        f"| [{code(entry.node.name)}]({dictionary}#{where[entry.node]}) | {_text(entry.summary)} |"
        for entry in entries
        if entry.node.kind in (Kind.DIMENSION, Kind.FACT)
    ]
    return "\n".join(["| table | grain |", "|---|---|", *rows])


def _text(line: Line) -> str:
    return "".join(
        code(p.text, in_table=True) if isinstance(p, Code) else escaped(p if isinstance(p, str) else p.shown)
        for p in line
    )
