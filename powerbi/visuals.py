"""The visuals' content: what stands under "visual" in a visual.json, by kind."""

from collections.abc import Mapping, Sequence

from etl.company.pages import Visual
from etl.company.report import Measure
from etl.contract.table import Contract
from etl.report.names import friendly
from powerbi import theme
from powerbi.expressions import (
    Json,
    colour,
    column,
    literal,
    measure,
    projection,
    properties,
    reference,
    sort,
)
from powerbi.types import model_type

_CHARTS = {"line": "lineChart", "column": "clusteredColumnChart", "bar": "clusteredBarChart"}
_NO_UNITS = 1
"""Numbers as they are, not in thousands or millions."""


def text(value: str, alt: str, points: int) -> Json:
    """A heading."""
    style = {"fontFamily": theme.FONT, "fontSize": f"{points}pt", "fontWeight": "bold", "color": theme.INK}
    paragraphs = [{"textRuns": [{"value": value, "textStyle": style}]}]
    return {
        "visualType": "textbox",
        "objects": {"general": [{"properties": {"paragraphs": paragraphs}}]},
        "visualContainerObjects": {"general": properties(altText=alt)},
    }


def card(shown: Measure, points: int) -> Json:
    """One number, in full."""
    return {
        "visualType": "card",
        "query": _query({"Values": [measure(shown.name)]}),
        "objects": {
            "labels": properties(fontSize=points, labelDisplayUnits=_NO_UNITS),
            "categoryLabels": properties(show=False),
        },
        "visualContainerObjects": _container(shown.name, f"{shown.name}: {shown.meaning}", shown.meaning, 10),
    }


def slicer(name: str) -> Json:
    """A choice of a column's members, the same one on all pages that have it."""
    title = friendly(name.partition(".")[2])
    table = friendly(name.partition(".")[0])
    return {
        "visualType": "slicer",
        "query": _query({"Values": [column(name)]}),
        "objects": {"data": properties(mode="Dropdown"), "header": properties(show=False)},
        "visualContainerObjects": _container(
            title, f"Choose by {title} of {table}.", "Chosen on all pages that have this slicer.", 10
        ),
        "syncGroup": {"groupName": name, "fieldChanges": True, "filterChanges": True},
    }


def chart(visual: Visual, measures: Mapping[str, Measure], contracts: Mapping[str, Contract]) -> Json:
    """Lines, columns or bars over a column."""
    by, values = column(str(visual.by)), [measure(name) for name in visual.measures]
    ranked = visual.kind == "bar"
    order = sort(values[0], descending=True) if ranked else sort(by, descending=visual.descending)
    return {
        "visualType": _CHARTS[visual.kind],
        "query": {**_query({"Category": [by], "Y": values}), "sortDefinition": order},
        "objects": {
            "legend": properties(show=len(values) > 1),
            "categoryAxis": _axis(visual, contracts),
        },
        "visualContainerObjects": _container(visual.title, visual.alt, _meanings(visual, measures), 12),
    }


def table(visual: Visual, measures: Mapping[str, Measure]) -> Json:
    """Rows of members with their numbers, the greatest first; behind the first number a bar."""
    members = [column(name) for name in (visual.names, visual.by) if name]
    values = [measure(name) for name in visual.measures]
    bars = {
        "positiveColor": colour(theme.BAR),
        "negativeColor": colour(theme.BAR_BELOW),
        "axisColor": colour(theme.LINE),
        "reverseDirection": literal(False),
        "hideText": literal(False),
    }
    return {
        "visualType": "tableEx",
        "query": {**_query({"Values": [*members, *values]}), "sortDefinition": sort(values[0], descending=True)},
        "objects": {
            "columnFormatting": [
                {"properties": {"dataBars": bars}, "selector": {"metadata": reference(values[0])}},
            ],
        },
        "visualContainerObjects": _container(visual.title, visual.alt, _meanings(visual, measures), 12),
    }


def _query(roles: Mapping[str, Sequence[Json]]) -> Json:
    return {
        "queryState": {role: {"projections": [projection(f) for f in fields]} for role, fields in roles.items()},
    }


def _container(title: str, alt: str, help_text: str, points: int) -> Json:
    """Say the title, what it shows for who cannot see it, and what the numbers mean for who points at the header."""
    return {
        "title": properties(show=True, text=title, titleWrap=True, fontSize=points),
        "general": properties(altText=alt),
        "visualHeader": properties(showTooltipButton=True),
        "visualHeaderTooltip": properties(type="Default", text=help_text),
    }


def _meanings(visual: Visual, measures: Mapping[str, Measure]) -> str:
    return " ".join(f"{name}: {measures[name].meaning}" for name in visual.measures)


def _axis(visual: Visual, contracts: Mapping[str, Contract]) -> list[Json]:
    """Draw numbers and dates under a line to scale. Such an axis is turned round; sorting does not matter to it."""
    table_name, _, name = str(visual.by).partition(".")
    kind = contracts[table_name].schema.field(name).type
    if visual.kind == "line" and model_type(kind).is_drawn_to_scale:
        return properties(axisType="Scalar", invertAxis=visual.descending)
    return properties(axisType="Categorical")
