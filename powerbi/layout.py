"""Where things stand on a page: a grid of twelfths, filled row by row. All in pixels."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

PAGE_WIDTH = 1280
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
