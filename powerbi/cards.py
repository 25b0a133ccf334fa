"""Cards: a number, the words that stand with it, and its small line."""

from etl.company.measure import Measure
from etl.report.names import friendly
from powerbi import theme
from powerbi.containers import container, query
from powerbi.expressions import Json, colour, column, measure, of_measure, properties, sort, whole

_NO_UNITS = 1
"""Numbers as they are, not in thousands or millions."""


def card(shown: Measure, points: int, colour_of: str | None = None) -> Json:
    """One number, in full. colour_of: the measure that is its colour."""
    inked = {"color": colour(of_measure(colour_of))} if colour_of else {}
    return {
        "visualType": "card",
        "query": query({"Values": [measure(shown.name)]}),
        "objects": {
            "labels": properties(fontSize=points, labelDisplayUnits=_NO_UNITS, **inked),
            "categoryLabels": properties(show=False),
        },
        "visualContainerObjects": container(shown.name, f"{shown.name}: {shown.meaning}", shown.meaning, 10),
    }


def words(name: str, of: Measure, colour_of: str | None = None) -> Json:
    """Words about a number, that a measure says, in the place below it."""
    inked = {"color": colour(of_measure(colour_of))} if colour_of else {}
    return {
        "visualType": "card",
        "query": query({"Values": [measure(name)]}),
        "objects": {
            "labels": properties(fontSize=10, labelDisplayUnits=_NO_UNITS, **inked),
            "categoryLabels": properties(show=False),
            "wordWrap": properties(show=True),
        },
        "visualContainerObjects": container(of.name, f"{of.name}: {of.meaning}", of.meaning, 10, show=False),
    }


def sentence(name: str, alt: str) -> Json:
    """A heading that a measure says."""
    return {
        "visualType": "multiRowCard",
        "query": query({"Values": [measure(name)]}),
        "objects": {
            "dataLabels": properties(fontFamily=theme.FONT, fontSize=12, bold=True, color=colour(theme.INK)),
            "categoryLabels": properties(show=False),
            "card": properties(barShow=False, outlineStyle=whole(0), cardPadding=whole(0)),
        },
        "visualContainerObjects": {
            **container(alt, alt, alt, 10, show=False),
            "background": properties(show=False),
            "border": properties(show=False),
        },
    }


def spark(shown: Measure, by: str) -> Json:
    """A small line of a number, without axes: its points are told to who points at them."""
    axis, title = column(by), friendly(by.partition(".")[2])
    alt = f"{shown.name} by {title}: {shown.meaning}"
    return {
        "visualType": "lineChart",
        "query": {
            **query({"Category": [axis], "Y": [measure(shown.name)]}),
            "sortDefinition": sort(axis, descending=False),
        },
        "objects": {
            "legend": properties(show=False),
            "categoryAxis": properties(show=False, axisType="Categorical"),
            "valueAxis": properties(show=False, gridlineShow=False),
        },
        "visualContainerObjects": container(f"{shown.name} by {title}", alt, shown.meaning, 10, show=False),
    }
