"""Writing the dictionary's files, and the lists in the guides."""

from pathlib import Path

import config
from config.paths import ROOT
from etl.core.modes import shared
from etl.docs.anchors import HTML
from etl.docs.book import make_book
from etl.docs.company import read_company
from etl.docs.html import html
from etl.docs.listing import renewed
from etl.docs.markdown import Markdown
from etl.docs.parts import Book

FOLDER = "docs"
MARKDOWN = "dictionary.md"
GUIDES = ("tables.md", "trust.md")
"""The guides with lists between marks."""


def show(settings_file: Path, output: Path | None) -> None:
    """Renew the dictionary of a company, and say where it is. output: a folder; by default docs/ beside its tables.

    The lists in this project's guides are renewed with it.
    """
    settings = config.load(settings_file)
    company = read_company(settings)
    book = make_book(company)
    folder = output or settings.tables_dir.parent / FOLDER
    files = {folder / name: text for name, text in dictionary(book).items()}
    if folder == ROOT / FOLDER:
        for guide in (folder / name for name in GUIDES):
            files[guide] = renewed(guide.read_text(encoding="utf-8"), book, MARKDOWN)
    with shared():  # it is documentation, for everybody
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in files.items():
            path.write_text(text, encoding="utf-8", newline="\n")
            print(path)


def dictionary(book: Book) -> dict[str, str]:
    """Return the text of each file, by its name: always the same of the same company."""
    text = Markdown(book).text()
    return {MARKDOWN: text, HTML: html(text, book)}
