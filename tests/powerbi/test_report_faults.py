"""Faults that are injected into a sound report, and what is said of each."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from etl.company.report import Report
from tests.powerbi.reading import Contracts, Files, faults, faults_of_names, visuals


def wrong_property(content: Any) -> None:
    """Write a visual's kind under a name that is none."""
    content["visual"]["visualTyp"] = content["visual"].pop("visualType")


def stray_property(content: Any) -> None:
    """Say more than there is to say."""
    content["colour"] = "blue"


def no_place(content: Any) -> None:
    """Forget how wide a visual is."""
    del content["position"]["width"]


def unknown_measure(content: Any) -> None:
    """Show a measure that the model has not."""
    content["visual"]["query"]["queryState"]["Y"]["projections"][0]["field"]["Measure"]["Property"] = "Net Revenu"


def unknown_column(content: Any) -> None:
    """Show a column that its table has not."""
    content["visual"]["query"]["queryState"]["Category"]["projections"][0]["field"]["Column"]["Property"] = "Offic"


def unknown_sort(content: Any) -> None:
    """Sort by a measure that is not there."""
    content["visual"]["query"]["sortDefinition"]["sort"][0]["field"]["Measure"]["Property"] = "Revenue of Old"


def unknown_rank(content: Any) -> None:
    """Rank by a measure that is not there."""
    query = content["filterConfig"]["filters"][0]["filter"]["From"][0]["Expression"]["Subquery"]["Query"]
    query["OrderBy"][0]["Expression"]["Measure"]["Property"] = "Revenue of Old"


def unknown_table(content: Any) -> None:
    """Filter a table that is not there."""
    content["filterConfig"]["filters"][0]["filter"]["From"][1]["Entity"] = "Offices"


def wrong_filter(content: Any) -> None:
    """Misspell a filter's kind."""
    content["filterConfig"]["filters"][0]["type"] = "Top"


def other_name(content: Any) -> None:
    """Give a visual the name of another."""
    content["name"] = "another"


@pytest.mark.parametrize(
    ("inject", "message"),
    [
        (wrong_property, "'visualType' is a required property"),
        (stray_property, "'colour' was unexpected"),
        (no_place, "'width' is a required property"),
        (unknown_measure, r"measure Key Measures\[Net Revenu\]"),
        (unknown_column, r"column Office\[Offic\]"),
        (unknown_sort, r"measure Key Measures\[Revenue of Old\]"),
        (unknown_rank, r"measure Key Measures\[Revenue of Old\]"),
        (unknown_table, r"column Offices\[Office Name\]"),
        (wrong_filter, "'Top' is not one of"),
        (other_name, "its folder another one"),
    ],
)
def test_a_fault_of_a_visual_is_seen(
    files: Files, report: Report, contracts: Contracts, inject: Callable[[Any], None], message: str
) -> None:
    """Whatever is wrong with a ranked bar chart is told, with the file's path."""
    path, content = next((p, c) for p, c in visuals(files, "clusteredBarChart").items() if "filterConfig" in c)
    inject(content)
    found = faults(files | {path: json.dumps(content)}, report, contracts)
    assert any(fault.startswith(path) and re.search(message, fault) for fault in found), found


def without(files: Files, part: str) -> Files:
    """Lose a file."""
    return {path: text for path, text in files.items() if part not in path}


def changed(files: Files, part: str, old: str, new: str) -> Files:
    """Change the text of the files with this in their path."""
    assert any(part in path and old in text for path, text in files.items())
    return {path: text.replace(old, new) if part in path else text for path, text in files.items()}


@pytest.mark.parametrize(
    ("inject", "message"),
    [
        (lambda files: without(files, "income/page.json"), "names the page income, which is not there"),
        (lambda files: without(files, "income/page.json"), "belongs to no page"),
        (lambda files: changed(files, "pages.json", '    "income",\n', ""), "does not name the page income"),
        (lambda files: changed(files, "pages.json", 'Name": "income"', 'Name": "home"'), "opens the page home"),
        (lambda files: without(files, "StaticResources"), "which is not there"),
        (
            lambda files: changed(files, "report.json", 'Sober.json",\n          "path', 'Sober",\n          "path'),
            "does not register",
        ),
        (lambda files: changed(files, "pages.json", "{", ""), "is not valid JSON"),
        (
            lambda files: changed(files, "visual.json", '"metadata": "Key Measures.', '"metadata": "Sales.'),
            "does not show",
        ),
    ],
    ids=[
        "page lost",
        "orphans",
        "page not named",
        "no such page",
        "theme lost",
        "theme unnamed",
        "no JSON",
        "selector",
    ],
)
def test_a_fault_of_the_whole_is_seen(
    files: Files, report: Report, inject: Callable[[Files], Files], message: str, contracts: Contracts
) -> None:
    """Files that do not belong together are told."""
    found = faults_of_names(inject(files), report, contracts)
    assert any(message in fault for fault in found), found
