"""What the scripts are handed of a picture: its pages and visuals by their ids, and what they answer from."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from etl.dashboard.picture import Picture, Value, Visual
from etl.dashboard.plain import plain
from etl.dashboard.words import target_told
from etl.report.filters import fold

_NO_CHOICE = {"slicers": (), "offered": (), "months": None, "mode": "single", "note": ""}


def data_of(picture: Picture, anchors: Sequence[str]) -> dict[str, Any]:
    """Return the data, with what the picture has to be asked with; a picture without it has the rows that it shows."""
    given = picture.data or {}
    pages = given.get("pages", [_NO_CHOICE] * len(picture.pages))
    asked = given.get("visuals", [[{}] * len(page.visuals) for page in picture.pages])
    return {
        "slicers": given.get("slicers", ()),
        "months": given.get("months", ()),
        "measures": given.get("measures", ()),
        "pages": [  # in their order, which the keys of an object would not keep: JavaScript puts numbers first
            {"anchor": anchor, **page} for anchor, page in zip(anchors, pages, strict=True)
        ],
        "visuals": {
            name: content
            for anchor, page, queries in zip(anchors, picture.pages, asked, strict=True)
            for number, (visual, more) in enumerate(zip(page.visuals, queries, strict=True), start=1)
            for name, content in _named(f"{anchor}_{number}", visual, more)
        },
    }


def _named(name: str, visual: Visual, asked: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name a visual, and its panels, as the page does.

    A panel is told the place of its member, by which it is asked; where there is none, it has its rows.
    """
    members = asked.get("panel_members", ())
    yield name, _visual(visual, {key: value for key, value in asked.items() if key != "panel_members"})
    for number, panel in enumerate(visual.panels, start=1):
        place = _place(panel.member, members)
        yield f"{name}_{number}", _visual(panel, {} if place is None else {"queries": {}, "member": place})


def _place(member: Value, members: Sequence[Any]) -> int | None:
    """Return the place of a member, which may be spelled in another way: two of the same letters are no two members."""
    for spelled in (lambda value: value, fold):
        wanted = spelled(plain(member))
        if (found := next((at for at, each in enumerate(members) if spelled(each) == wanted), None)) is not None:
            return found
    return None


def _visual(visual: Visual, asked: Mapping[str, Any]) -> dict[str, Any]:
    series = [{"name": series.name, "format": series.number_format} for series in visual.series]
    rows = {} if "queries" in asked else {"rows": [_row(visual, row) for row in visual.rows]}
    targets = {
        place: target_told(series.target, series.number_format)
        for place, series in enumerate(visual.series)
        if series.target
    }
    return {"kind": visual.kind, "axis": visual.axis, "series": series, "targets": targets, **rows, **asked}


def _row(visual: Visual, row: Sequence[Value]) -> list[Any]:
    label, *values = row
    return [plain(label), *(plain(v, series.number_format) for v, series in zip(values, visual.series, strict=True))]
