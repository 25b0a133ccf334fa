"""The layout of a page in Power BI's app on a phone: one below the other, what stands at the head in pairs."""

from collections.abc import Iterator, Sequence

from powerbi.layout import Box
from powerbi.tiles import Tile

WIDTH = 324
"""The width of the app's canvas."""
_GAP, _SMALL, _TITLE, _CHART = 8, 64, 72, 260


def boxes(tiles: Sequence[Tile], head: int) -> Iterator[Box]:
    """Return the place of each tile, in reading order. head: how high a page's head is, title and slicers."""
    top, left = 0, 0
    for tile in tiles:
        is_half = tile.box.bottom <= head and tile.body["visualType"] != "textbox"
        height = _SMALL if is_half else _height(tile)
        if left and not is_half:
            top, left = top + _SMALL + _GAP, 0
        width = (WIDTH - _GAP) // 2 if is_half else WIDTH
        yield Box(left, top, width, height)
        if is_half and not left:
            left = width + _GAP
        else:
            top, left = top + height + _GAP, 0


def _height(tile: Tile) -> int:
    """Return the height of what is as wide as the phone: of a chart the same everywhere, else what it has on a page."""
    kind = tile.body["visualType"]
    if kind == "textbox":
        return _TITLE
    return tile.box.height if tile.box.height < _CHART // 2 else _CHART
