"""The visuals' content: what stands under "visual" in a visual.json, by kind."""

from collections.abc import Iterator, Mapping, Sequence

from etl.company.measure import Measure
from etl.company.pages import Visual
from etl.company.targets import Target
from etl.contract.table import Contract
from etl.dashboard.words import goal, told
from etl.report.names import friendly
from powerbi import theme
from powerbi.containers import Title, container, query
from powerbi.expressions import (
    Json,
    colour,
    column,
    literal,
    measure,
    number,
    of_measure,
    projection,
    properties,
    reference,
    sort,
    whole,
)
from powerbi.texts import colour_name, sign_name
from powerbi.types import model_type

_CHARTS = {"line": "lineChart", "column": "clusteredColumnChart", "bar": "clusteredBarChart"}


def text(value: str, alt: str, points: int) -> Json:
    """A heading."""
    style = {"fontFamily": theme.FONT, "fontSize": f"{points}pt", "fontWeight": "bold", "color": theme.INK}
    paragraphs = [{"textRuns": [{"value": value, "textStyle": style}]}]
    return {
        "visualType": "textbox",
        "objects": {"general": [{"properties": {"paragraphs": paragraphs}}]},
        "visualContainerObjects": {"general": properties(altText=alt)},
    }


def slicer(name: str) -> Json:
    """A choice of a column's members, the same one on all pages that have it."""
    title = friendly(name.partition(".")[2])
    table = friendly(name.partition(".")[0])
    return {
        "visualType": "slicer",
        "query": query({"Values": [column(name)]}),
        "objects": {"data": properties(mode="Dropdown"), "header": properties(show=False)},
        "visualContainerObjects": container(
            title, f"Choose by {title} of {table}.", "Chosen on all pages that have this slicer.", 10
        ),
        "syncGroup": {"groupName": name, "fieldChanges": True, "filterChanges": True},
    }


def chart(
    visual: Visual,
    title: Title,
    measures: Mapping[str, Measure],
    targets: Mapping[str, Target],
    contracts: Mapping[str, Contract],
    below: Sequence[str] = (),
    told_besides: Sequence[str] = (),
) -> Json:
    """Lines, columns or bars over a column; lines also in small charts, one for each member of the panels' column.

    The target of its only measure is a line across it. below: columns to which it can be drilled down. told_besides:
    measures that its tooltip says, and it does not draw.
    """
    by, values = column(str(visual.by)), [measure(name) for name in visual.measures]
    ranked = visual.kind == "bar"
    order = sort(values[0], descending=True) if ranked else sort(by, descending=visual.descending)
    tooltip = {"Tooltips": [measure(name) for name in told_besides]} if told_besides else {}
    asked = query({"Category": [by], "Y": values, **_rows(visual), **tooltip})
    return {
        "visualType": _CHARTS[visual.kind],
        "query": {**_drilled(asked, below), "sortDefinition": order},
        "objects": {
            "legend": properties(show=len(values) > 1),
            "categoryAxis": _axis(visual, contracts),
            **_panels(visual),
            **(_goal(measures[visual.measures[0]], targets) if len(values) == 1 else {}),
        },
        "visualContainerObjects": container(title, visual.alt, _meanings(visual, measures), 12),
    }


def _drilled(asked: Json, below: Sequence[str]) -> Json:
    """Put the levels below an axis behind it: a reader drills down to them."""
    asked["queryState"]["Category"]["projections"] += [projection(column(name), is_shown=False) for name in below]
    return asked


def table(visual: Visual, title: Title, measures: Mapping[str, Measure], targets: Mapping[str, Target]) -> Json:
    """Rows of members with their numbers, the greatest first; behind the first number a bar.

    A number with a target has its colour, and a column with its sign beside it.
    """
    members = [projection(column(name)) for name in (visual.names, visual.by) if name]
    first = measure(visual.measures[0])
    bars = {
        "positiveColor": colour(theme.BAR),
        "negativeColor": colour(theme.BAR_BELOW),
        "axisColor": colour(theme.LINE),
        "reverseDirection": literal(False),
        "hideText": literal(False),
    }
    colours = [_coloured(name) for name in visual.measures if name in targets]
    values = [each for name in visual.measures for each in _value(measures[name], targets.get(name))]
    return {
        "visualType": "tableEx",
        "query": {
            "queryState": {"Values": {"projections": [*members, *values]}},
            "sortDefinition": sort(first, descending=True),
        },
        "objects": {
            "columnFormatting": [{"properties": {"dataBars": bars}, "selector": {"metadata": reference(first)}}],
            **({"values": colours} if colours else {}),
        },
        "visualContainerObjects": container(title, visual.alt, _meanings(visual, measures), 12),
    }


def _value(shown: Measure, target: Target | None) -> Iterator[Json]:
    """Put a measure into a table, and whether it meets its target."""
    yield projection(measure(shown.name))
    if target:
        bound = told(target, shown.format)[0].rpartition(": ")[2]
        yield projection(measure(sign_name(shown.name)), f"{shown.name} {bound}")


def _coloured(name: str) -> Json:
    """Write a column's numbers in the colour that a measure says, row by row."""
    every = {"data": [{"dataViewWildcard": {"matchingOption": 1}}], "metadata": reference(measure(name))}
    return {"properties": {"fontColor": colour(of_measure(colour_name(name)))}, "selector": every}


def _goal(shown: Measure, targets: Mapping[str, Target]) -> Json:
    """Draw a measure's target across a chart, and name it."""
    target = targets.get(shown.name)
    if target is None:
        return {}
    bound = told(target, shown.format)[0].rpartition(": ")[2]
    line = {
        "show": literal(True),
        "displayName": literal(f"Target: {bound}"),
        "value": number(goal(target, shown.format).number),
        "lineColor": colour(theme.INK),
        "style": literal("dashed"),
        "dataLabelShow": literal(True),
        "dataLabelText": literal("Name"),
    }
    return {"y1AxisReferenceLine": [{"properties": line, "selector": {"id": "1"}}]}


def _rows(visual: Visual) -> dict[str, list[Json]]:
    return {"Rows": [column(visual.panels)]} if visual.panels else {}


def _panels(visual: Visual) -> Json:
    return {"smallMultiplesLayout": properties(rowCount=whole(2), columnCount=whole(3))} if visual.panels else {}


def _meanings(visual: Visual, measures: Mapping[str, Measure]) -> str:
    return " ".join(f"{name}: {measures[name].meaning}" for name in visual.measures)


def _axis(visual: Visual, contracts: Mapping[str, Contract]) -> list[Json]:
    """Draw numbers and dates under a line to scale. Such an axis is turned round; sorting does not matter to it."""
    table_name, _, name = str(visual.by).partition(".")
    kind = contracts[table_name].schema.field(name).type
    if visual.kind == "line" and model_type(kind).is_drawn_to_scale:
        return properties(axisType="Scalar", invertAxis=visual.descending)
    return properties(axisType="Categorical")
