"""A contract's types in Power BI: the model's type, how values are shown, and how Power Query brings them there."""

import re
from dataclasses import dataclass

import pyarrow as pa

from etl.contract import types

_PLACES = 4
"""Decimal places of Power BI's fixed decimal number, which is exact."""
_INEXACT = " A floating-point number here, of some 15 digits: Power BI's exact decimals have four places."


@dataclass(frozen=True)
class ModelType:
    """A type of the model. name: in TMDL; shown: the format of a column that names none.

    underlying: what Power BI's own date and time columns are annotated with; changed: the function with which Power
    Query turns what BigQuery gives into it; is_drawn_to_scale: whether a line's axis is; note: what to know of it.
    """

    name: str
    shown: str | None = None
    underlying: str | None = None
    changed: str | None = None
    is_drawn_to_scale: bool = False
    note: str = ""


_IN_UTC = "each if _ is datetimezone then DateTimeZone.RemoveZone(DateTimeZone.ToUtc(_)) else _, type datetime"
"""ADBC gives a TIMESTAMP with a zone, and ODBC without one, in UTC."""

_TYPES = {
    types.INTEGER.arrow: ModelType("int64", "0", is_drawn_to_scale=True),
    types.TEXT.arrow: ModelType("string"),
    types.NUMBER.arrow: ModelType("double"),
    types.DATE.arrow: ModelType("dateTime", "yyyy-mm-dd", "Date", is_drawn_to_scale=True),
    types.TIMESTAMP.arrow: ModelType("dateTime", "yyyy-mm-dd hh:mm:ss", changed=_IN_UTC),
    types.FLAG.arrow: ModelType("boolean"),
    types.TIME.arrow: ModelType("dateTime", "hh:mm:ss", "Time"),
}


def model_type(kind: pa.DataType) -> ModelType:
    """Return the model's type of a contract's type."""
    if kind in _TYPES:
        return _TYPES[kind]
    if kind.scale <= _PLACES:
        return ModelType("decimal", "#,0.00")
    return ModelType("double", "#,0.00", note=_INEXACT)  # an exact one would round the places beyond, each value's


def format_string(number_format: str) -> str:
    r"""Write a number's format as the model has it: a unit in quotes letter by letter, "€"#,0.00 → \€#,0.00.

    Text in TMDL that begins with a quotation mark would be read as quoted.
    """
    return re.sub(r'"([^"]*)"', lambda unit: "".join(f"\\{letter}" for letter in unit[1]), number_format)
