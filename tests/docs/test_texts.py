"""Whatever people write into descriptions stays a text."""

import re
from urllib.parse import unquote

import pytest

from etl.docs.book import make_book
from etl.docs.make import HTML, MARKDOWN, dictionary
from tests.docs import shop
from tests.docs.reading import Html, Markdown

TEXT = "</p><script>alert(1)</script> | & *bold* _x_ [a](b) # 1. ~~no~~ --> 𝔸 ]]>"
FENCED = "fenced ``` and ```mermaid"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Give the dictionary of a shop with such texts."""
    company = shop.read(shop.write(tmp_path_factory.mktemp("shop"), f"{TEXT} {FENCED}"))
    return dictionary(make_book(company))


def test_texts_are_texts_in_html(written: dict[str, str]) -> None:
    """No tag comes of a text, and everywhere it is read as it was written."""
    html = Html(written[HTML])
    assert [tag for tag, _ in html.elements].count("script") == 1
    assert html.text.count(TEXT) > 10


def test_texts_are_texts_in_markdown(written: dict[str, str]) -> None:
    """Nor does a tag, an emphasis, a link or a cell come of one in Markdown."""
    markdown = Markdown(written[MARKDOWN])
    assert markdown.text.count(TEXT) > 10
    kinds = {token.type for token in markdown.tokens}
    assert not kinds & {"em_open", "strong_open", "html_inline", "s_open", "image"}
    assert {link for link in markdown.links if not link.startswith("#")} == set()
    blocks = {token.content.strip() for token in markdown.tokens if token.type == "html_block"}
    assert {re.sub(r"<summary>.*</summary>", "", block) for block in blocks} <= {"<details>", "</details>", NOTE}


NOTE = "<!-- Written by `python -m etl docs`: change the contracts, queries or report instead. -->"


def test_rows_have_as_many_cells_as_headings(written: dict[str, str]) -> None:
    """A | in a text, or in code, ends no cell."""
    rows: list[list[str]] = []
    for token in Markdown(written[MARKDOWN]).tokens:
        if token.type == "tr_open":
            rows.append([])
        elif token.type in ("th_open", "td_open"):
            rows[-1].append(token.type)
    assert {len(row) for row in rows} == {2, 3, 5}  # of slicers, the matrix of two dimensions, the columns of tables
    for line in written[MARKDOWN].splitlines():
        if line.startswith("| "):
            assert len(re.findall(r"(?<!\\)\|", line)) in (3, 4, 6)


def test_links_lead_somewhere_whatever_the_names_are(written: dict[str, str]) -> None:
    """Titles with such texts have anchors, too."""
    html, markdown = Html(written[HTML]), Markdown(written[MARKDOWN])
    assert {link for link in html.values("href") if unquote(link.removeprefix("#")) not in html.values("id")} == set()
    assert {link for link in markdown.links if link.removeprefix("#") not in markdown.anchors()} == set()


def test_mermaid_gets_no_special_letters(written: dict[str, str]) -> None:
    """In Mermaid's labels they are numbers."""
    labels = [
        label
        for picture in Markdown(written[MARKDOWN]).listings("mermaid")
        for label in re.findall(r'"([^"]*)"', picture)
    ]
    assert any("script" in label for label in labels)
    assert [label for label in labels if re.search(r"[<>&`]|#(?!\d+;)", label)] == []


def test_what_is_said_of_numbers_is_told(written: dict[str, str]) -> None:
    """The target of a measure; a computed title with its condition; the column of small lines."""
    html = Html(written[HTML])
    assert "Target" in html.text and "at least 2" in html.text
    assert "“Dear shops: {Average}” where [Average] >= 2" in html.text
    assert "“Cheap shops”" in html.text
    assert ", small lines over " in html.text
