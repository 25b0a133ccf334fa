"""Where things stand on a page: a grid of twelfths, filled row by row. All in pixels."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

PAGE_WIDTH, PAGE_HEIGHT = 1280, 720
"""16:9, so that a page fills a screen and does not scroll."""
TWELFTHS = 12
MARGIN = 16
GAP = 12
_UNIT = (PAGE_WIDTH - 2 * MARGIN + GAP) // TWELFTHS


@dataclass(frozen=True)
class Box:
    """A rectangle on the page."""

    x: int
    y: int
    width: int
    height: int

    @property
    def bottom(self) -> int:
        """The first pixel below."""
        return self.y + self.height


def rows(widths: Sequence[int]) -> list[list[int]]:
    """Break things of these widths, in twelfths, into rows; returns their numbers."""
    broken: list[list[int]] = []
    room = 0
    for number, width in enumerate(widths):
        if width > room:
            broken.append([])
            room = TWELFTHS
        broken[-1].append(number)
        room -= width
    return broken


def side_by_side(top: int, widths: Sequence[int], height: int) -> Iterator[Box]:
    """Return the boxes of one row; widths in twelfths."""
    before = 0
    for width in widths:
        yield Box(MARGIN + before * _UNIT, top, width * _UNIT - GAP, height)
        before += width


def divided(box: Box, parts: int, most: int) -> Iterator[Box]:
    """Divide a box into equal ones, at most so many beside each other."""
    lines = -(-parts // most)
    beside = min(parts, most)
    width = (box.width - GAP * (beside - 1)) // beside
    height = (box.height - GAP * (lines - 1)) // lines
    for number in range(parts):
        line, place = divmod(number, beside)
        yield Box(box.x + place * (width + GAP), box.y + line * (height + GAP), width, height)


def screens(heights: Sequence[tuple[int, bool]], room: int) -> list[list[tuple[int, int]]]:
    """Divide rows among screens of a height, each filled to the bottom; returns their numbers and heights.

    heights: the least of each row, and whether it may be higher. A row that is too high has a screen of its own.
    """
    filled: list[list[int]] = []
    for number, (height, _) in enumerate(heights):
        used = sum(heights[other][0] + GAP for other in filled[-1]) if filled else room
        if not filled or used + height > room:
            filled.append([])
        filled[-1].append(number)
    return [_stretched(screen, heights, room) for screen in filled]


def _stretched(screen: Sequence[int], heights: Sequence[tuple[int, bool]], room: int) -> list[tuple[int, int]]:
    """Give what is left of a screen to the rows that may be higher, to each as much."""
    spare = max(0, room - sum(heights[number][0] + GAP for number in screen) + GAP)
    growing = [number for number in screen if heights[number][1]]
    return [(n, heights[n][0] + (spare // len(growing) if n in growing else 0)) for n in screen]
