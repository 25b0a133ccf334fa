"""The dictionary of this project, as it is committed."""

import base64
import hashlib
import re
from collections import Counter
from urllib.parse import unquote

import pytest

from config.paths import ROOT, SAMPLE_SETTINGS
from etl.docs.book import make_book
from etl.docs.company import Company
from etl.docs.make import dictionary
from tests.docs import shop
from tests.docs.reading import Html, Markdown

MARKDOWN, HTML = ((ROOT / "docs" / f"dictionary.{kind}").read_text(encoding="utf-8") for kind in ("md", "html"))


@pytest.fixture(scope="module")
def company() -> Company:
    """Give this project's company."""
    return shop.read(SAMPLE_SETTINGS)


@pytest.fixture(scope="module")
def html() -> Html:
    """Give the HTML as read."""
    return Html(HTML)


@pytest.fixture(scope="module")
def markdown() -> Markdown:
    """Give the Markdown as read."""
    return Markdown(MARKDOWN)


def test_the_dictionary_is_that_of_the_contracts(company: Company) -> None:
    """Writing it again changes no byte; where it does, run `python -m etl docs`."""
    written = dictionary(make_book(company))
    stale = [name for name, text in written.items() if (ROOT / "docs" / name).read_bytes() != text.encode()]
    assert stale == []


def test_everything_is_there(company: Company, html: Html, markdown: Markdown) -> None:
    """Each table, column, query, view, measure and page of the project is in both files, each with what it means."""
    assert company.report
    names = [*company.contracts, *company.queries, *company.report.views, *company.report.measures]
    names += [column.name for contract in company.contracts.values() for column in contract.columns]
    meanings = [query.description for query in company.queries.values()]
    meanings += [c.grain for c in company.contracts.values()]
    meanings += [column.description for contract in company.contracts.values() for column in contract.declared]
    meanings += [measure.meaning for measure in company.report.measures.values()]
    meanings += [page.title for page in company.report.pages]
    missing = [said for said in [*names, *meanings] if said not in html.text or said not in markdown.text]
    assert missing == []


def test_links_lead_somewhere(html: Html, markdown: Markdown) -> None:
    """Each link of the HTML has its id, each of the Markdown its heading, and no id is there twice."""
    ids, anchors = html.values("id"), markdown.anchors()
    assert [name for name, count in Counter(ids).items() if count > 1] == []
    assert {link for link in html.values("href") if unquote(link.removeprefix("#")) not in ids} == set()
    assert {link for link in markdown.links if link.removeprefix("#") not in anchors} == set()


def test_the_guide_links_into_the_dictionary(markdown: Markdown) -> None:
    """Each table of the guide's list is explained where the link leads."""
    found = re.findall(r"\(dictionary\.md#([^)]+)\)", (ROOT / "docs/tables.md").read_text(encoding="utf-8"))
    assert len(found) > 10
    assert set(found) <= set(markdown.anchors())


def test_the_html_needs_nothing_else(html: Html) -> None:
    """No element fetches anything, and only the style and the script that are in the file are let in."""
    policy = next(str(found["content"]) for _, found in html.elements if "http-equiv" in found)
    for tag, directive in (("style", "style-src"), ("script", "script-src")):
        inside = re.findall(rf"<{tag}>(.*?)</{tag}>", HTML, re.DOTALL)
        hashed = base64.b64encode(hashlib.sha256(inside[0].encode()).digest()).decode()
        assert len(inside) == 1
        assert f"{directive} 'sha256-{hashed}'" in policy
    assert "default-src 'none'" in policy
    assert html.values("src") == []
    assert html.values("style") == []
    assert [link for link in html.values("href") if not link.startswith("#")] == []


def test_pictures_are_drawn_by_mermaid(company: Company, markdown: Markdown) -> None:
    """The Markdown has the star, with every reference, the flow, and a flowchart for each folder of measures."""
    star, *flows = markdown.listings("mermaid")
    every = [table.contract for table in company.tables.values()]
    references = {(contract.name, c.name, c.dimension) for contract in every for c in contract.references}
    assert star.startswith("erDiagram\n")
    drawn = re.findall(r'^  (\w+) \}o(?:--|\.\.)\|\| (\w+) : "(\w+)(?: \(inactive\))?"$', star, re.MULTILINE)
    assert {(fact, column, dimension) for fact, dimension, column in drawn} == references
    folders = {measure.folder for measure in company.report.measures.values()} if company.report else set()
    assert [flow.splitlines()[0] for flow in flows] == ["flowchart LR"] * (1 + len(folders))


def test_a_measure_answers_to_the_slicers_that_its_table_refers_to(company: Company, markdown: Markdown) -> None:
    """What the matrix of slicers says of sums and counts over a fact is what the one of references says of the fact."""
    assert company.report
    references, slicers = (markdown.table(heading) for heading in ("The star", "Slicers and measures"))
    columns = list(dict.fromkeys(column for page in company.report.pages for column in page.slicers))
    seen = set()
    for measure in company.report.measures.values():
        if measure.of not in references or measure.ignores:
            continue
        marks = dict(zip(columns, list(slicers[measure.name].values()), strict=True))
        for column, mark in marks.items():
            reached = references[measure.of].get(column.partition(".")[0], "").startswith(("●", "via"))
            assert mark == ("●" if reached else ""), (measure.name, column)
            seen.add(mark)
    assert seen == {"●", ""}
