"""Arrow tables of any content, of the types that this project knows."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

Values = st.SearchStrategy[Any]

TEXTS = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(
    ["", "NA", "nan", "NULL", "null", "None", "true", "t", "1", '"', '""', '","', "\n", "\r\n", "\r", ",", "\\", "\\.",
     "🚀", "e\u0301", " ", "\t", "\0", "#", "\u2028", "\ufeff", "\ufeffA1", "\ufeff\ufeff", "1e5", "2031-01-01"]
)  # fmt: skip


def decimals(precision: int, scale: int) -> Values:
    most = 10**precision - 1
    return st.integers(-most, most).map(lambda number: Decimal(f"{number}E-{scale}"))


KINDS: dict[pa.DataType, Values] = {
    pa.int64(): st.integers(-(2**63), 2**63 - 1) | st.integers(-9, 9),
    pa.int32(): st.integers(-(2**31), 2**31 - 1),
    pa.int16(): st.integers(-(2**15), 2**15 - 1),
    pa.bool_(): st.booleans(),
    pa.time64("us"): st.times(),
    pa.string(): TEXTS,
    pa.date32(): st.dates(),
    pa.timestamp("us"): st.datetimes(),
    pa.timestamp("us", "UTC"): st.datetimes(timezones=st.just(dt.UTC)),
    pa.decimal128(12, 2): decimals(12, 2),
    pa.decimal128(28, 9): decimals(28, 9),
    pa.decimal128(38, 0): decimals(38, 0),
    pa.decimal128(38, 9): decimals(38, 9),
    pa.decimal128(38, 38): decimals(38, 38),
    pa.float64(): st.floats(allow_nan=False),
}


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    """Give a table of one to four columns and up to twelve rows; a column may be all NULL."""
    kinds = draw(st.lists(st.sampled_from(list(KINDS)), min_size=1, max_size=4))
    rows = draw(st.integers(0, 12))
    values = [
        draw(
            st.lists(
                st.none() | (st.none() if draw(st.integers(0, 9)) == 0 else KINDS[kind]), min_size=rows, max_size=rows
            )
        )
        for kind in kinds
    ]
    schema = pa.schema([(f"c{n}", kind) for n, kind in enumerate(kinds)])
    return pa.table([pa.array(column, kind) for column, kind in zip(values, kinds, strict=True)], schema=schema)
