"""What stands beside a number in the page: words of targets and changes, and the small line of how it came about."""

from collections.abc import Sequence
from dataclasses import dataclass

from etl.dashboard import formats, words
from etl.dashboard.picture import Series, Value, Visual
from etl.dashboard.words import Changed, Judged

_WIDTH, _HEIGHT, _EDGE = 100, 24, 2
"""Of a small line, in units of its own; it is stretched to the place that it has."""


@dataclass(frozen=True)
class Change:
    """What is said of a change. name: of its measure."""

    name: str
    words: Changed | None
    judged: Judged | None


def judged(value: Value, series: Series) -> Judged | None:
    """Return whether a value meets the target of its measure."""
    return words.judged(value, series.target, series.number_format)


def changed(visual: Visual, place: int) -> Change | None:
    """Return how a card's figure has changed; nothing where nobody asked."""
    by = visual.series[place].change
    if by is None:
        return None
    series, value = visual.series[by], visual.rows[0][by + 1]
    return Change(series.name, words.changed(value, series.number_format), judged(value, series))


def path(spark: Visual, place: int) -> str:
    """Return a series as the path of an SVG, from the left to the right edge, with a gap where there is no number."""
    return line([formats.drawn(row[place + 1]) for row in spark.rows])


def line(values: Sequence[float | None]) -> str:
    """Return numbers as the path of an SVG; a number between two gaps is a dot."""
    there = [value for value in values if value is not None]
    if not there:
        return ""
    low, span = min(there), (max(there) - min(there)) or 1.0
    room, step = _HEIGHT - 2 * _EDGE, _WIDTH / max(len(values) - 1, 1)
    parts, pen = [], "M"
    for number, value in enumerate(values):
        if value is None:
            pen = "M"
            continue
        point = f"{number * step:.1f} {_HEIGHT - _EDGE - (value - low) / span * room:.1f}"
        parts.append(f"M{point}L{point}" if pen == "M" else f"L{point}")
        pen = "L"
    return "".join(parts)
