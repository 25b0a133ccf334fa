"""The button that resets a page's slicers, and the bookmark that it opens."""

from collections.abc import Mapping, Sequence

from etl.company.pages import Page
from powerbi import theme
from powerbi.containers import container
from powerbi.expressions import Json, colour, column, literal, properties
from powerbi.names import name_in, slug

_VERSION = "1.3"


def bookmark_name(page: Page) -> str:
    """Name the bookmark of a page."""
    return f"reset-{slug(page.name)[:40]}"


def button(page: Page) -> Json:
    """A button that resets the slicers."""
    plain = {"selector": {"id": "default"}}
    style = {"text": literal("Reset"), "fontColor": colour(theme.INK)}
    told = container("Reset", "Reset all slicers.", "Nothing is chosen then.", 10, show=False)
    link = properties(show=True, type="Bookmark", bookmark=bookmark_name(page), tooltip="Reset all slicers")
    return {
        "visualType": "actionButton",
        "objects": {"icon": properties(show=False), "text": [*properties(show=True), {"properties": style, **plain}]},
        "visualContainerObjects": told | {"visualLink": link},
    }


def bookmark(page: Page, section: str) -> Json:
    """Return the state in which nothing is chosen in the slicers. section: the page's name in the project."""
    slicers = {name_in(page, name, "slicer"): name for name in page.slicers}
    return {
        "displayName": f"Reset {page.name}",
        "name": bookmark_name(page),
        "options": {
            "applyOnlyToTargetVisuals": True,
            "targetVisualNames": list(slicers),
            "suppressActiveSection": True,
            "suppressDisplay": True,
        },
        "explorationState": {
            "version": _VERSION,
            "activeSection": section,
            "sections": {section: {"visualContainers": _unchosen(slicers)}},
        },
    }


def bookmarks(pages: Sequence[Page]) -> Json:
    """List the bookmarks of pages."""
    return {"items": [{"name": bookmark_name(page)} for page in pages]}


def _unchosen(slicers: Mapping[str, str]) -> Json:
    return {
        slicer: {
            "filters": {
                "byExpr": [
                    {"name": f"{slicer}-filter", "type": "Categorical", "expression": column(name), "howCreated": 0}
                ]
            },
            "singleVisual": {"visualType": "slicer", "objects": {}},
        }
        for slicer, name in slicers.items()
    }
