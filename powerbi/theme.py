"""The report's look: sober, one font, colours that differ also for who does not see them as most people do.

The first of a chart's series is blue; what it is compared with is grey. Each is dark enough on white for a line or a
bar, texts for reading.
"""

from typing import Any

from powerbi.expressions import Json

NAME = "Sober.json"
"""The file's name. With its ending it is also the theme's name in report.json: without, Power BI does not find it."""
FONT = "Segoe UI"
INK = "#1F2933"
MUTED = "#52606D"
LINE = "#D9DEE4"
PAPER = "#FFFFFF"
PAGE = "#F4F6F8"
GOOD, BAD = "#1A7036", "#B3261E"
"""Texts of what meets a target, and of what does not."""
DATA_COLOURS = ("#005B96", "#8A94A0", "#D55E00", "#009E73", "#8A5A9E", "#8C6D1F")
BAR, BAR_BELOW = "#B5D3E7", "#F3CBB3"
"""The bars behind the numbers of a table, above and below zero: pale, for the numbers are read on them."""


def theme() -> Json:
    """Return the theme's content."""
    return {
        "name": "Sober",
        "dataColors": list(DATA_COLOURS),
        "good": GOOD,
        "neutral": "#8C6D1F",
        "bad": BAD,
        "maximum": DATA_COLOURS[0],
        "center": "#8FBBD9",
        "minimum": "#E3EEF6",
        "background": PAPER,
        "foreground": INK,
        "tableAccent": DATA_COLOURS[0],
        "textClasses": {
            "label": _text(10, INK),
            "callout": _text(22, INK),
            "title": _text(12, INK),
            "header": _text(11, INK),
        },
        "visualStyles": {
            "*": {"*": _every_visual()},
            "page": {"*": {"background": [{"color": _solid(PAGE), "transparency": 0}]}},
            "textbox": {"*": {"background": [{"show": False}], "border": [{"show": False}]}},
            "tableEx": {"*": _table()},
            "card": {"*": {"categoryLabels": [{"show": False}]}},
            "multiRowCard": {"*": {"card": [{"barShow": False, "outlineStyle": 0}]}},
            "lineChart": {"*": {**_chart(), "lineStyles": [{"strokeWidth": 2}]}},
            "clusteredColumnChart": {"*": _chart()},
            "clusteredBarChart": {"*": _chart()},
        },
    }


def _every_visual() -> Json:
    return {
        "title": [{"fontFamily": FONT, "fontSize": 12, "fontColor": _solid(INK), "titleWrap": True}],
        "background": [{"show": True, "color": _solid(PAPER), "transparency": 0}],
        "border": [{"show": True, "color": _solid(LINE), "radius": 4}],
        "dropShadow": [{"show": False}],
        "visualTooltip": [{"show": True, "type": "Default"}],
    }


def _chart() -> Json:
    axis: dict[str, Any] = {"fontFamily": FONT, "fontSize": 10, "labelColor": _solid(MUTED)}
    return {
        "legend": [{"position": "Top", "showTitle": False, "fontSize": 10, "labelColor": _solid(INK)}],
        "categoryAxis": [{**axis, "showAxisTitle": True, "gridlineShow": False}],
        "valueAxis": [{**axis, "showAxisTitle": False, "gridlineColor": _solid(LINE)}],
    }


def _table() -> Json:
    return {
        "grid": [{"gridHorizontal": True, "gridHorizontalColor": _solid(LINE), "gridVertical": False, "rowPadding": 4}],
        "columnHeaders": [{"fontColor": _solid(INK), "backColor": _solid(PAPER), "bold": True, "wordWrap": True}],
        "values": [
            {
                "fontColorPrimary": _solid(INK),
                "backColorPrimary": _solid(PAPER),
                "fontColorSecondary": _solid(INK),
                "backColorSecondary": _solid(PAPER),
            }
        ],
    }


def _text(size: int, ink: str) -> Json:
    return {"fontFace": FONT, "fontSize": size, "color": ink}


def _solid(value: str) -> Json:
    return {"solid": {"color": value}}
