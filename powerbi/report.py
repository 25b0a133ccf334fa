"""The Power BI report (PBIR) as text, file by file, from the pages of the catalogue.

The formats are older ones on purpose, so that older Desktops open them. What could be checked on Linux is: Microsoft's
JSON schemas, the capabilities of the visuals, every name. It was not opened in Power BI Desktop, of which there is none
for Linux.
"""

import json
import re
from collections.abc import Iterator, Mapping
from uuid import UUID, uuid5

from etl.company.report import Report, check_trust
from etl.contract.table import Contract
from etl.core.errors import ContractError
from powerbi import layout, phone, theme
from powerbi.bookmarks import bookmark, bookmarks
from powerbi.expressions import Json
from powerbi.names import screen_name, slug
from powerbi.tiles import Tile, head_of, screens_of

SCHEMAS = "https://developer.microsoft.com/json-schemas/fabric"
_DEFINITION = f"{SCHEMAS}/item/report/definition"
_FORMATS = {"visual": "2.4.0", "report": "3.1.0", "page": "2.0.0"}
_BASE_THEME = "CY24SU10"
"""What ours is laid over. It is a part of Power BI, not of the project."""
_ID = UUID("0d7b8f52-3c0e-5f0a-8f4e-5a1c9b1f3a60")


def name_of(report: Report) -> str:
    """Return the project's name: the report's title in one word. Raises ContractError where that is not a name."""
    name = re.sub(r"\W", "", report.title)
    if not name or ((report.folder / name).is_dir() and not (report.folder / name / f"{name}.pbip").exists()):
        raise ContractError(
            f"A Power BI project cannot be named {name!r}, after the title {report.title!r}, in {report.folder}.",
            "Give the report a title in report.toml that contains letters and differs from the other folders' names.",
        )
    return name


def report_files(report: Report, contracts: Mapping[str, Contract]) -> dict[str, str]:
    """Return the report's files, path → text: the same bytes for the same pages.

    contracts: of all tables that pages name. Raises ContractError where a page names a column that is not there, or
    where two pages, or two visuals of one, cannot be told apart.
    """
    check_trust(report)
    screens = [
        (screen_name(page, number), page, tiles)
        for page in report.pages
        for number, tiles in enumerate(screens_of(page, report, contracts), 1)
    ]
    names = [slug(name) for name, _, _ in screens]
    if len(set(names)) < len(names):
        raise ContractError(f"Two pages in {report.folder} have one name.", "Rename one of them.")
    project = name_of(report)
    files = dict(_frame(project)) | dict(_resets(project, report))
    root = f"{project}.Report/definition/pages"
    order = {"pageOrder": names, "activePageName": names[0]}
    files[f"{root}/pages.json"] = with_schema(f"{_DEFINITION}/pagesMetadata/1.0.0", order)
    for name, page, tiles in screens:
        folder = f"{root}/{slug(name)}"
        files[f"{folder}/page.json"] = _page_file(name, tiles)
        places = phone.boxes(tiles, head_of(page, tiles))
        for number, (tile, place) in enumerate(zip(tiles, places, strict=True)):
            files[f"{folder}/visuals/{tile.name}/visual.json"] = _visual_file(tile, number)
            files[f"{folder}/visuals/{tile.name}/mobile.json"] = _mobile_file(place, number)
    return dict(sorted(files.items()))


def _resets(project: str, report: Report) -> Iterator[tuple[str, str]]:
    """Return the bookmarks that reset the slicers of pages."""
    root = f"{project}.Report/definition/bookmarks"
    chosen = [page for page in report.pages if page.slicers]
    if chosen:
        yield f"{root}/bookmarks.json", with_schema(f"{_DEFINITION}/bookmarksMetadata/1.0.0", bookmarks(chosen))
    for page in chosen:
        content = bookmark(page, slug(screen_name(page, 1)))
        yield f"{root}/{content['name']}.bookmark.json", with_schema(f"{_DEFINITION}/bookmark/1.4.0", content)


def _frame(project: str) -> Iterator[tuple[str, str]]:
    """Return what does not depend on the pages."""
    root = f"{project}.Report"
    yield (
        f"{project}.pbip",
        with_schema(
            f"{SCHEMAS}/pbip/pbipProperties/1.0.0",
            {"version": "1.0", "artifacts": [{"report": {"path": root}}], "settings": {"enableAutoRecovery": True}},
        ),
    )
    yield (
        f"{root}/.platform",
        with_schema(
            f"{SCHEMAS}/gitIntegration/platformProperties/2.0.0",
            {
                "metadata": {"type": "Report", "displayName": project},
                "config": {"version": "2.0", "logicalId": str(uuid5(_ID, root))},
            },
        ),
    )
    yield (
        f"{root}/definition.pbir",
        with_schema(
            f"{SCHEMAS}/item/report/definitionProperties/2.0.0",
            {"version": "4.0", "datasetReference": {"byPath": {"path": f"../{project}.SemanticModel"}}},
        ),
    )
    yield (
        f"{root}/definition/version.json",
        with_schema(f"{_DEFINITION}/versionMetadata/1.0.0", {"version": "2.0.0"}),
    )
    yield f"{root}/definition/report.json", _report_file()
    yield f"{root}/StaticResources/RegisteredResources/{theme.NAME}", _text(theme.theme())


def _report_file() -> str:
    def themed(name: str, kind: str) -> Json:
        return {"name": name, "reportVersionAtImport": _FORMATS, "type": kind}

    registered = "RegisteredResources"
    return with_schema(
        f"{_DEFINITION}/report/{_FORMATS['report']}",
        {
            "themeCollection": {
                "baseTheme": themed(_BASE_THEME, "SharedResources"),
                "customTheme": themed(theme.NAME, registered),
            },
            "resourcePackages": [
                {
                    "name": registered,
                    "type": registered,
                    "items": [{"name": theme.NAME, "path": theme.NAME, "type": "CustomTheme"}],
                }
            ],
            "settings": {
                "useStylableVisualContainerHeader": True,
                "exportDataMode": "AllowSummarized",
                "defaultDrillFilterOtherVisuals": True,
                "allowChangeFilterTypes": True,
                "useEnhancedTooltips": True,
            },
        },
    )


def _page_file(name: str, tiles: list[Tile]) -> str:
    """Write a page: of 16:9, unless it has a row that is higher."""
    return with_schema(
        f"{_DEFINITION}/page/{_FORMATS['page']}",
        {
            "name": slug(name),
            "displayName": name,
            "displayOption": "FitToPage",
            "height": max(layout.PAGE_HEIGHT, *(tile.box.bottom + layout.MARGIN for tile in tiles)),
            "width": layout.PAGE_WIDTH,
        },
    )


def _visual_file(tile: Tile, number: int) -> str:
    """Write a visual; keyboards reach it in the order in which it is read."""
    content: Json = {
        "name": tile.name,
        "position": _position(tile.box, number),
        "visual": {**tile.body, "drillFilterOtherVisuals": True},
    }
    if tile.filters:
        content["filterConfig"] = {"filters": list(tile.filters)}
    return with_schema(f"{_DEFINITION}/visualContainer/{_FORMATS['visual']}", content)


def _mobile_file(place: layout.Box, number: int) -> str:
    return with_schema(f"{_DEFINITION}/visualContainerMobileState/2.1.0", {"position": _position(place, number)})


def _position(box: layout.Box, number: int) -> Json:
    order = (number + 1) * 1000
    return {"x": box.x, "y": box.y, "z": order, "height": box.height, "width": box.width, "tabOrder": order}


def with_schema(schema: str, content: Json) -> str:
    """Write a JSON file that follows one of Microsoft's schemas."""
    return _text({"$schema": f"{schema}/schema.json", **content})


def _text(content: Json) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
