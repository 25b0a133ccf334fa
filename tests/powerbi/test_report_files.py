"""The generated report is well-formed, whole and the same each time, and says what the pages say."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from etl.company.measure import Measure
from etl.company.pages import Page, Visual
from etl.company.report import Report
from etl.core.errors import ContractError
from etl.report.reach import answers
from powerbi import tooltips
from powerbi.report import report_files
from tests.powerbi.node import NEEDED
from tests.powerbi.reading import Contracts, Files, faults, literal, misunderstood, visuals


def test_the_report_is_without_fault(files: Files, report: Report, contracts: Contracts) -> None:
    """Every file is valid by the schema that it names, and every name that a visual uses is there."""
    assert faults(files, report, contracts) == []


def test_the_same_pages_give_the_same_bytes(files: Files, report: Report, contracts: Contracts) -> None:
    """Generated again, from tables in another order, nothing differs: a diff shows what was changed and no more."""
    again = report_files(report, dict(reversed(contracts.items())))
    assert list(again.items()) == list(files.items())
    assert all(text.endswith("}\n") and "\r" not in text for text in files.values())


def test_moving_a_visual_renames_none(files: Files, report: Report, contracts: Contracts) -> None:
    """What a page shows in another order is in the same files."""
    turned = tuple(page.model_copy(update={"visual": page.visual[::-1]}) for page in report.pages)
    again = report_files(replace(report, pages=turned), contracts)
    assert {path.split("/")[-2] for path in visuals(again)} == {path.split("/")[-2] for path in visuals(files)}


def test_names_are_such_as_power_bi_takes(files: Files) -> None:
    """Letters, digits and hyphens, 50 at most, for pages and visuals; paths that Windows can hold."""
    for path, text in files.items():
        name = json.loads(text)["name"] if path.endswith(("/page.json", "/visual.json")) else "x"
        assert re.fullmatch(r"[\w-]{1,50}", name)
        assert len(path) < 140


@NEEDED
def test_visuals_are_told_only_what_they_understand(files: Files) -> None:
    """Kinds, roles, formatting objects and their properties are of Microsoft's list of what each visual can be told."""
    assert list(misunderstood(files)) == []


def test_everything_can_be_read_out(files: Files) -> None:
    """Every visual has a text for who cannot see it, and what shows numbers has a title and says what they mean."""
    for path, content in visuals(files).items():
        container = content["visual"]["visualContainerObjects"]
        assert literal(container["general"], "altText"), path
        if content["visual"]["visualType"] != "textbox":
            (title,) = container["title"]
            computed = title["properties"]["text"]["expr"].get("Measure", {}).get("Property", "")
            assert computed.startswith("Title ") or literal([title], "text"), path
            assert literal(container["visualHeaderTooltip"], "text"), path


def test_titles_and_texts_are_the_pages_own(files: Files, report: Report) -> None:
    """What the pages say is said, also with an apostrophe in it."""
    said = "".join(files.values()).replace("''", "'")
    for page in report.pages:
        assert page.title in said
        assert all((visual.title in said or visual.said) and visual.alt in said for visual in page.visual)


def test_every_page_says_as_of_when_it_is(files: Files, report: Report) -> None:
    """The instant of the data and whether they are of one night are at the top of each page."""
    for name in ("Data as of", "All Tables of One Night"):
        tops = [
            path.split("/")[3]
            for path, content in visuals(files, "card").items()
            if content["position"]["y"] < 20 and f"Key Measures.{name}" in files[path]
        ]
        assert len(tops) == len([path for path in files if path.endswith("/page.json")]) >= len(report.pages)


def test_slicers_of_one_column_stay_in_sync(files: Files, report: Report) -> None:
    """A choice holds on all pages that have its slicer: one column, one group, and no group without both changes."""
    groups = {}
    for content in visuals(files, "slicer").values():
        field = json.dumps(content["visual"]["query"]["queryState"]["Values"])
        group = content["visual"]["syncGroup"]
        assert (group["fieldChanges"], group["filterChanges"]) == (True, True)
        groups.setdefault(field, set()).add(group["groupName"])
    assert all(len(names) == 1 for names in groups.values())
    assert len({name for names in groups.values() for name in names}) == len(groups)
    assert len(visuals(files, "slicer")) >= sum(len(page.slicers) for page in report.pages) > len(groups)


def test_a_button_resets_the_slicers_of_its_page(files: Files, report: Report) -> None:
    """On each screen with slicers; its bookmark chooses nothing in them, leaves all else, and is listed."""
    root = "CloudServices.Report/definition"
    listed = {item["name"] for item in json.loads(files[f"{root}/bookmarks/bookmarks.json"])["items"]}
    sliced = [page for page in report.pages if page.slicers]
    assert len(listed) == len(sliced)
    for path, content in visuals(files, "actionButton").items():
        name = literal(content["visual"]["visualContainerObjects"]["visualLink"], "bookmark")
        bookmark = json.loads(files[f"{root}/bookmarks/{name}.bookmark.json"])
        assert name in listed
        page = path.split("/pages/")[1].split("/")[0]
        slicers = {p.split("/")[-2] for p in visuals(files, "slicer") if f"/pages/{page}/" in p}
        ((section, state),) = bookmark["explorationState"]["sections"].items()
        assert slicers == set(state["visualContainers"]) == set(bookmark["options"]["targetVisualNames"])
        assert all(f"{root}/pages/{section}/visuals/{name}/visual.json" in files for name in slicers)
    buttons = {path.split("/pages/")[1].split("/")[0] for path in visuals(files, "actionButton")}
    assert buttons == {path.split("/pages/")[1].split("/")[0] for path in visuals(files, "slicer")}


def test_cards_show_money_to_the_cent(files: Files) -> None:
    """A number alone is shown in full, not in thousands."""
    for content in visuals(files, "card").values():
        assert literal(content["visual"]["objects"]["labels"], "labelDisplayUnits") == "1D"


def test_the_axis_runs_as_the_page_says(files: Files) -> None:
    """Days before close run down to the close; bars and rows begin with the greatest; months run on."""
    charts = [content["visual"] for content in visuals(files).values() if "Category" in str(content["visual"])]
    for chart in charts:
        axis = chart["objects"]["categoryAxis"]
        down = "Days Before Close" in str(chart["query"]["queryState"]["Category"])
        order = chart["query"]["sortDefinition"]["sort"][0]
        assert order["direction"] == ("Descending" if down or "Measure" in order["field"] else "Ascending")
        assert ("Measure" in order["field"]) == (chart["visualType"] == "clusteredBarChart")
        if down:
            assert literal(axis, "invertAxis") == "true"


def lonely(report: Report, **changes: Any) -> Report:
    """Give a report of one page with one visual."""
    visual = Visual(kind="bar", title="A", alt="A.", measures=("Net Revenue",), by="dim_office.region")
    page = Page(name="P", title="P", visual=(visual.model_copy(update=changes),))
    return replace(report, pages=(page,))


def test_a_page_that_names_an_unknown_column_is_refused(report: Report, contracts: Contracts) -> None:
    """The sentence names the page and the nearest column."""
    with pytest.raises(ContractError, match=r"Page P: there is no column dim_office\.regio\.") as refused:
        report_files(lonely(report, by="dim_office.regio"), contracts)
    assert refused.value.hint == "Did you mean dim_office.region?"


def test_what_cannot_be_told_apart_is_refused(report: Report, contracts: Contracts) -> None:
    """Two visuals of one title and kind on a page, or two pages of one name, would be one file."""
    page = lonely(report).pages[0]
    twice = page.model_copy(update={"visual": page.visual * 2})
    with pytest.raises(ContractError, match="Page P shows the same twice"):
        report_files(replace(report, pages=(twice,)), contracts)
    with pytest.raises(ContractError, match="have one name"):
        report_files(replace(report, pages=(page, page)), contracts)


def test_no_name_of_a_machine_or_a_day_is_in_the_files(files: Files) -> None:
    """Nothing but the pages is told: no path, no host but the schemas'."""
    text = "".join(files.values()).replace("https://developer.microsoft.com/json-schemas/", "")
    assert "://" not in text
    assert str(Path.home()) not in text


def axis(files: Files) -> list[tuple[str, bool]]:
    """Give the axis of the only chart: its columns, and whether each is shown at first."""
    (chart,) = [content["visual"] for content in visuals(files).values() if "Category" in str(content["visual"])]
    return [
        (projected["queryRef"], projected.get("active", False))
        for projected in chart["query"]["queryState"]["Category"]["projections"]
    ]


@pytest.mark.parametrize(
    ("changes", "below"),
    [
        ({"measures": ("Member Revenue",)}, ["Office.Office Name", "Team Member.Member Name"]),
        ({"measures": ("Contracts", "Member Revenue"), "by": "dim_office.office_name"}, ["Team Member.Member Name"]),
        ({"by": "dim_product.product_name"}, ["Deployment.Deployment Name"]),
        ({"by": "dim_date.year", "measures": ("Allocations",)}, ["Date.Quarter", "Date.Month Name", "Date.Date"]),
        ({"by": "dim_date.year", "measures": ("Open Editions",)}, []),  # what does not answer to a day
        ({"by": "dim_date.date"}, []),
        ({"by": "dim_channel.channel_name"}, []),
    ],
)
def test_a_chart_can_be_drilled_down_its_hierarchy(
    report: Report, contracts: Contracts, changes: dict[str, Any], below: list[str]
) -> None:
    """To every level below its axis that all its measures answer to; at first it shows the axis alone."""
    table = Visual(kind="table", title="B", alt="B.", measures=("Contracts",), by="dim_team_member.member_name")
    page = lonely(report, **changes).pages[0]
    drilled = report_files(replace(report, pages=(page, Page(name="Q", title="Q", visual=(table,)))), contracts)
    first, *others = axis(drilled)
    assert first[1] and others == [(name, False) for name in below]


def test_no_chart_is_drilled_down_to_people_that_no_page_shows(report: Report, contracts: Contracts) -> None:
    """The model does not even have them."""
    drilled = report_files(lonely(report, measures=("Member Revenue",)), contracts)
    assert axis(drilled)[1:] == [("Office.Office Name", False)]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"measures": ("Revenue per Client",)}, ["Client Revenue", "Active Clients"]),  # a rate: what is divided
        ({"measures": ("Allocations", "Returns"), "by": "dim_date.year"}, ["Returns Rate"]),  # a rate of what is drawn
        ({"measures": ("Revenue per Client", "Client Revenue", "Active Clients")}, []),  # and nothing twice
        ({"measures": ("Open Pace", "Open Comparable Revenue to Date"), "by": "dim_product.product_name"},
         ["Open Pace (target)", "Open Previous Revenue to Date", "Open Pace without the Largest Contract"]),
        ({"measures": ("Revenue per Session",), "by": "dim_date.year"}, ["Revenue of Measured Days", "Sessions"]),
        ({"measures": ("Member Revenue",), "by": "dim_channel.channel_name"}, ["Revenue per Member", "Office Share"]),
        ({"measures": ("Instances",)}, []),
    ],
)  # fmt: skip
def test_a_chart_says_what_its_numbers_are_made_of_to_who_points_at_it(
    report: Report, contracts: Contracts, changes: dict[str, Any], told: list[str]
) -> None:
    """In its tooltip, besides what it draws: each measure in its own format, of the member that is pointed at."""
    files = report_files(lonely(report, **changes), contracts)
    (chart,) = [content["visual"] for content in visuals(files).values() if "Category" in str(content["visual"])]
    tooltip = chart["query"]["queryState"].get("Tooltips", {"projections": []})
    assert [projected["nativeQueryRef"] for projected in tooltip["projections"]] == told


def test_a_tooltip_says_nothing_that_is_always_blank(report: Report, contracts: Contracts) -> None:
    """What does not answer to the chart's axis is left out, and so is most of what would make a table of it."""
    for page in report.pages:
        for visual in page.visual:
            if visual.by and visual.kind not in ("table", "card"):
                named = [name for name in tooltips.told(visual, report, contracts) if name in report.measures]
                assert all(answers(report, contracts, name, visual.by.partition(".")[0]) for name in named)
                assert len(named) <= 6
    sales = Measure(name="Sales per Visit", meaning=".", format="0.0", folder="F", formula="[Contracts] / [Visits]")
    asked = replace(report, measures=report.measures | {sales.name: sales})
    by_client, by_day = (
        Visual(kind="bar", title="A", alt="A.", measures=("Contracts",), by=by)
        for by in ("dim_client.country", "dim_date.year")
    )
    assert sales.name not in tooltips.told(by_client, asked, contracts)
    assert sales.name in tooltips.told(by_day, asked, contracts)


@pytest.mark.parametrize(
    ("measures", "told"),
    [
        (("Contracts",), None),
        (("Member Revenue", "Contracts"), None),
        (("Allocations",), "not by Channel Name or Country"),
        (("Contracts", "Allocations"), "Allocations not by Channel Name or Country"),
        (("Last Sale",), None),  # whatever is chosen: by design
    ],
)
def test_a_visual_names_the_slicers_that_do_not_matter_to_it(
    report: Report, contracts: Contracts, measures: tuple[str, ...], told: str | None
) -> None:
    """Its numbers are blank while one of them is chosen, and a reader has to know why."""
    page = lonely(report, measures=measures, by="dim_date.year").pages[0]
    slicers = ("dim_date.year", "dim_channel.channel_name", "dim_client.country")
    card = Visual(kind="card", title="C", alt="C.", measures=measures[-1:])
    sliced = page.model_copy(update={"slicers": slicers, "visual": (*page.visual, card)})
    files = report_files(replace(report, pages=(sliced,)), contracts)
    (chart,) = [c["visual"] for c in visuals(files).values() if "Category" in str(c["visual"])]
    titled = {
        literal(c["visual"]["visualContainerObjects"]["title"], "text"): c["visual"]
        for c in visuals(files, "card").values()
    }
    for visual, wanted in ((chart, told), (titled[measures[-1]], told and told.removeprefix("Allocations "))):
        subtitle = visual["visualContainerObjects"].get("subTitle")
        assert (literal(subtitle, "text") if subtitle else None) == wanted
