"""What the scripts are handed of a picture: its pages and visuals by their ids, and what they answer from."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from etl.dashboard import formats
from etl.dashboard.picture import Picture, Value, Visual
from etl.dashboard.words import target_told

_EXACT_IN_JS = 2**53
_NO_CHOICE = {"slicers": (), "mode": "single", "note": ""}


def data_of(picture: Picture, anchors: Sequence[str]) -> dict[str, Any]:
    """Return the data, with what the picture has to be asked with; a picture without it has the rows that it shows."""
    given = picture.data or {}
    months = given.get("months", ())
    pages = given.get("pages", [_NO_CHOICE] * len(picture.pages))
    asked = given.get("visuals", [[{}] * len(page.visuals) for page in picture.pages])
    return {
        "slicers": given.get("slicers", ()),
        "months": months,
        "measures": given.get("measures", ()),
        "pages": {
            anchor: {**page, "months": bool(months) and page["mode"] != "single"}
            for anchor, page in zip(anchors, pages, strict=True)
        },
        "visuals": {
            name: content
            for anchor, page, queries in zip(anchors, picture.pages, asked, strict=True)
            for number, (visual, more) in enumerate(zip(page.visuals, queries, strict=True), start=1)
            for name, content in _named(f"{anchor}_{number}", visual, more)
        },
    }


def _named(name: str, visual: Visual, asked: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name a visual, and its panels, as the page does."""
    yield name, _visual(visual, asked)
    for number, panel in enumerate(visual.panels, start=1):
        yield from _named(f"{name}_{number}", panel, {"queries": {}} if asked else {})


def _visual(visual: Visual, asked: Mapping[str, Any]) -> dict[str, Any]:
    series = [{"name": series.name, "format": series.number_format} for series in visual.series]
    rows = {} if "queries" in asked else {"rows": [[_plain(value) for value in row] for row in visual.rows]}
    targets = {
        place: target_told(series.target, series.number_format)
        for place, series in enumerate(visual.series)
        if series.target
    }
    return {"kind": visual.kind, "axis": visual.axis, "series": series, "targets": targets, **rows, **asked}


def _plain(value: Value) -> Any:
    """Return a value as JSON has it: exact decimals, numbers beyond those of JavaScript, and times are texts."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= _EXACT_IN_JS:
        return str(value)
    if isinstance(value, float):
        return str(value) if formats.drawn(value) is None else value
    return str(value) if isinstance(value, Decimal | date) else value
