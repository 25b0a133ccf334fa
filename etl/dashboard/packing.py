"""Rows as a page takes them: in columns, for equal neighbours pack well, and packed.

Values are packed as they are shown: rounded to the places of the measure's format, so that whoever writes them in that
format writes what SQL said. Those of parts are exact. etl/dashboard/scripts/cells.js unpacks them.
"""

import base64
import gzip
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from etl.company.report import Report
from etl.dashboard import formats
from etl.dashboard.answers import order_of
from etl.dashboard.asked import Asked
from etl.dashboard.parted import Parted
from etl.dashboard.picture import Value
from etl.dashboard.plain import plain
from etl.dashboard.slicers import Slicer
from etl.dashboard.wholes import is_number, wholes
from etl.report.parts import Parts


def packed(content: Mapping[str, Any]) -> str:
    """Pack what is made of lists, texts and numbers: the same bytes for the same content."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(gzip.compress(text.encode(), 9, mtime=0)).decode()


def cells(each: Asked, slicers: Sequence[Slicer], months: Sequence[int], report: Report) -> dict[str, Any]:
    """Set the rows of all contexts, and the parts, in columns."""
    places = {code: place for place, code in enumerate(each.axis)}
    table, number_formats = each.contexts.table, [report.measures[name].format for name in each.measures]
    members, *values = table.columns[len(slicers) :]
    nowhere = [pa.chunked_array([[value]]) for value in each.nowhere[1:]] if each.nowhere else None
    return {
        "contexts": [[s.places[context[n]] for context in each.contexts] for n, s in enumerate(slicers)],
        "rows": each.contexts.lengths,
        "axis": [places[code] for code in members.to_pylist()] if each.by else None,
        "values": [column(*each) for each in zip(values, number_formats, strict=True)],
        "nowhere": nowhere and [column(*each) for each in zip(nowhere, number_formats, strict=True)],
        "parts": None if each.parted is None else _parts(each, each.parted, slicers, months, number_formats),
    }


def column(values: pa.ChunkedArray, number_format: str) -> dict[str, Any]:
    """Pack a measure's values: whole numbers of its last decimal place; or, where they are none, as they are."""
    places = formats.places(number_format)
    if places is None or not (is_number(values.type) or values.null_count == len(values)):
        return {"places": None, "of": [plain(value, number_format) for value in values.to_pylist()]}
    return {"places": places, "of": wholes(values, places)}


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
    values = table.columns[len(table.columns) - len(parts.kinds) :]
    found = {name: table.column(name).to_pylist() for name in table.column_names[: -len(values)]}
    return {
        "rows": len(table),
        "slicers": parts.slicers,
        "keys": [[slicers[n].places[code] for code in found[f"a{n}"]] for n in parts.slicers],
        "month": [months.get(month) for month in found["month"]] if parts.months else None,
        "axis": [axis[code] for code in found["axis"]] if parts.has_axis else None,
        "of": [{"kind": kind, **_exact(kind, each)} for kind, each in zip(parts.kinds, values, strict=True)],
    }


def _exact(kind: str, values: pa.ChunkedArray) -> dict[str, Any]:
    """Pack a part's values: of those that are counted once, which is the same as which is all that matters."""
    if kind == "distinct":
        return {"places": None, "of": values.combine_chunks().dictionary_encode().indices.to_pylist()}
    if is_number(values.type):
        places = values.type.scale if pa.types.is_decimal(values.type) else 0
        return {"places": places, "of": wholes(values, places)}
    return {"places": None, "of": [value if value is None else formats.label(value) for value in values.to_pylist()]}


def _order(labels: Sequence[Any]) -> list[int]:
    places = {label: place for place, label in enumerate(sorted(set(labels)))}
    return [places[label] for label in labels]


def _along(labels: Sequence[Value]) -> list[int | None]:
    known: list[Any] = sorted({label for label in labels if label is not None})
    places = {label: place for place, label in enumerate(known)}
    return [places.get(label) for label in labels]
