"""Rows as a page takes them: in columns, for equal neighbours pack well, and packed.

Values are packed as they are shown: rounded to the places of the measure's format, so that whoever writes them in that
format writes what SQL said. Those of parts are exact. etl/dashboard/scripts/cells.js unpacks them.
"""

import base64
import gzip
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from math import isfinite
from typing import Any

import pyarrow as pa

from etl.company.report import Report
from etl.core.errors import ContractError
from etl.dashboard import formats
from etl.dashboard.answers import order_of
from etl.dashboard.asked import Asked
from etl.dashboard.parted import Parted
from etl.dashboard.picture import Value
from etl.dashboard.plain import EXACT_IN_JS, plain
from etl.dashboard.slicers import Slicer
from etl.report.parts import Parts


def packed(content: Mapping[str, Any]) -> str:
    """Pack what is made of lists, texts and numbers: the same bytes for the same content."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(gzip.compress(text.encode(), 9, mtime=0)).decode()


def cells(each: Asked, slicers: Sequence[Slicer], months: Sequence[int], report: Report) -> dict[str, Any]:
    """Set the rows of all contexts, and the parts, in columns."""
    places = {code: place for place, code in enumerate(each.axis)}
    contexts = sorted(each.contexts)
    rows = [row for context in contexts for row in each.contexts[context]]
    number_formats = [report.measures[name].format for name in each.measures]
    return {
        "contexts": [[s.places[context[n]] for context in contexts] for n, s in enumerate(slicers)],
        "rows": [len(each.contexts[context]) for context in contexts],
        "axis": [places[row[0]] for row in rows] if each.by else None,
        "values": [column([row[n] for row in rows], form) for n, form in enumerate(number_formats, start=1)],
        "nowhere": each.nowhere and [column([v], f) for v, f in zip(each.nowhere[1:], number_formats, strict=True)],
        "parts": None if each.parted is None else _parts(each, each.parted, slicers, months, number_formats),
    }


def column(values: Sequence[Value], number_format: str) -> dict[str, Any]:
    """Pack a measure's values: whole numbers of its last decimal place; or, where they are none, as they are."""
    places = formats.places(number_format)
    if places is None or not all(value is None or formats.is_number(value) for value in values):
        return {"places": None, "of": [plain(value, number_format) for value in values]}
    return {"places": places, "of": [value if value is None else _whole(value, places) for value in values]}


def month_name(month: int) -> str:
    """Write a month."""
    return f"{month // 12:04}-{month % 12 + 1:02}"


def _parts(
    each: Asked, parted: Parted, slicers: Sequence[Slicer], months: Sequence[int], number_formats: Sequence[str]
) -> dict[str, Any]:
    axis, month = ({code: place for place, code in enumerate(codes)} for codes in (each.axis, months))
    places = [formats.places(number_format) for number_format in number_formats]
    return {
        "tables": [_table(parts, table, slicers, axis, month) for parts, table in parted.tables],
        "trees": parted.trees,
        "places": places,
        "deaf": parted.deaf,
        "unranked": parted.unranked,
        "top": each.top,
        "descending": each.descending,
        "order": _order([order_of(label) for label in each.own.values()]) if each.by else None,
        "along": _along([*each.own.values()]) if each.is_along else None,
    }


def _table(
    parts: Parts, table: pa.Table, slicers: Sequence[Slicer], axis: Mapping[int, int], months: Mapping[int, int]
) -> dict[str, Any]:
    found = {name: table.column(name).to_pylist() for name in table.column_names}
    values = table.columns[len(table.columns) - len(parts.kinds) :]
    return {
        "rows": len(table),
        "slicers": parts.slicers,
        "keys": [[slicers[n].places[code] for code in found[f"a{n}"]] for n in parts.slicers],
        "month": [months.get(month) for month in found["month"]] if parts.months else None,
        "axis": [axis[code] for code in found["axis"]] if parts.has_axis else None,
        "of": [
            {"kind": kind, **_exact(kind, each.type, each.to_pylist())}
            for kind, each in zip(parts.kinds, values, strict=True)
        ],
    }


def _exact(kind: str, of: pa.DataType, values: Sequence[Any]) -> dict[str, Any]:
    """Pack a part's values: of those that are counted once, which is the same as which is all that matters."""
    if kind == "distinct":
        codes = {value: code for code, value in enumerate(dict.fromkeys(values))}
        return {"places": None, "of": [codes[value] for value in values]}
    if pa.types.is_decimal(of) or pa.types.is_integer(of):
        places = of.scale if pa.types.is_decimal(of) else 0
        return {"places": places, "of": [value if value is None else _whole(value, places) for value in values]}
    return {"places": None, "of": [value if value is None else formats.label(value) for value in values]}


def _order(labels: Sequence[Any]) -> list[int]:
    places = {label: place for place, label in enumerate(sorted(set(labels)))}
    return [places[label] for label in labels]


def _along(labels: Sequence[Value]) -> list[int | None]:
    known: list[Any] = sorted({label for label in labels if label is not None})
    places = {label: place for place, label in enumerate(known)}
    return [places.get(label) for label in labels]


def _whole(value: Value, places: int) -> int | str:
    """Return a number in units of its last shown place; as a text where JavaScript's numbers end."""
    if isinstance(value, float) and not isfinite(value):
        raise ContractError(f"A measure is {value}.", "Divide by NULLIF(…, 0) in its sql.")
    whole = int(formats.rounded(Decimal(str(value)), places).scaleb(places))
    return whole if abs(whole) < EXACT_IN_JS else str(whole)
