"""Key lookups: as a dictionary would find them, without gluing texts."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.contract import KeyIndex, lookup
from etl.core.errors import ContractError

KINDS: list[tuple[pa.DataType, st.SearchStrategy[Any]]] = [
    (pa.int64(), st.integers(-3, 3) | st.sampled_from([2**63 - 1, -(2**63), 10**12])),
    (pa.string(), st.sampled_from(["1", "12", "23", "3", "", "NA", "é"])),
    (pa.date32(), st.dates(date(2030, 1, 1), date(2030, 1, 4))),
    (pa.bool_(), st.booleans()),
]


def frame_of(columns: list[list[Any]], kinds: list[pa.DataType]) -> pd.DataFrame:
    """Make a frame with the columns 0, 1, … ."""
    arrays = {str(n): pa.array(c, kind) for n, (c, kind) in enumerate(zip(columns, kinds, strict=True))}
    return pa.table(arrays).to_pandas(types_mapper=pd.ArrowDtype)


@given(st.data())
@settings(max_examples=100)
def test_a_key_index_finds_what_a_dictionary_would(data: st.DataObject) -> None:
    """Over one to four columns of any kinds; NULL never matches, nor is it matched."""
    parts = data.draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=4))
    row = st.tuples(*(st.none() | values for _, values in parts))
    kinds = [kind for kind, _ in parts]
    keys = data.draw(st.lists(row, unique=True, max_size=12))
    asked = data.draw(st.lists(row | st.sampled_from(keys or [(None,) * len(parts)]), max_size=12))
    known = {key: n for n, key in enumerate(keys) if None not in key}
    index = KeyIndex(frame_of([[key[n] for key in keys] for n in range(len(parts))], kinds))
    frame = frame_of([[key[n] for key in asked] for n in range(len(parts))], kinds)
    assert index.positions([frame[name] for name in frame]).tolist() == [known.get(key, -1) for key in asked]


def test_1_23_and_12_3_never_meet() -> None:
    """Though glued they are both 123."""
    index = KeyIndex(frame_of([[1, 12], [23, 3]], [pa.int64()] * 2))
    asked = frame_of([[12, 1, 1, 12], [3, 23, 3, 23]], [pa.int64()] * 2)
    assert index.positions([asked["0"], asked["1"]]).tolist() == [1, 0, -1, -1]


def test_what_no_member_has_is_not_found_where_members_are_numbered_without_a_gap() -> None:
    """Of (1, 1), (1, 2), (2, 1) there is no (2, 2); nor is there (2, 1) where that member's second part is NULL."""
    kinds = [pa.int64()] * 2
    asked = frame_of([[2, 1, 2], [2, 2, 1]], kinds)
    index = KeyIndex(frame_of([[1, 1, 2], [1, 2, 1]], kinds))
    assert index.positions([asked["0"], asked["1"]]).tolist() == [-1, 1, 2]
    with_null = KeyIndex(frame_of([[1, 2], [1, None]], kinds))
    assert with_null.positions([asked["0"], asked["1"]]).tolist() == [-1, -1, -1]


def test_more_combinations_than_63_bits_can_number_are_no_hindrance() -> None:
    """Eight columns with 300 values each could be 300⁸ keys."""
    columns = [[(n * (part + 7)) % 300 for n in range(300)] for part in range(8)]
    frame = frame_of([list(range(300)), *columns[1:]], [pa.int64()] * 8)
    index = KeyIndex(frame)
    assert index.positions([frame[name] for name in frame]).tolist() == list(range(300))
    moved = [frame[name] if name != "7" else frame[name] + 1 for name in frame]
    assert index.positions(moved).tolist() == [-1] * 300


@pytest.mark.parametrize(
    ("kept", "asked"),
    [
        (pa.array([5], pa.int64()), pa.array([5], pa.int32())),
        (pa.array([5], pa.int64()), pa.array([Decimal(5)], pa.decimal128(10, 0))),
        (pa.array([5], pa.int64()), pa.array([Decimal(5)], pa.decimal128(38, 9))),
        (pa.array(["x"], pa.string()), pa.array(["x"], pa.large_string())),
        (pa.array([date(2030, 1, 1)], pa.date32()), pa.array([date(2030, 1, 1)], pa.date64())),
        (pa.array([datetime(2030, 1, 1)], pa.timestamp("us")), pa.array([datetime(2030, 1, 1)], pa.timestamp("s"))),
    ],
)  # fmt: skip
def test_values_of_the_same_meaning_match_whatever_their_width(kept: pa.Array, asked: pa.Array) -> None:
    """In both directions."""
    for mine, other in ((kept, asked), (asked, kept)):
        keys, frame = (pa.table({"k": a}).to_pandas(types_mapper=pd.ArrowDtype) for a in (mine, other))
        assert KeyIndex(keys).positions([frame["k"]]).tolist() == [0]


def test_text_against_a_number_is_a_fault_and_not_a_table_without_members() -> None:
    """A column of the wrong type would otherwise send every row to the unknown member."""
    text, number = frame_of([["5"]], [pa.string()]), frame_of([[5]], [pa.int64()])
    for keys, asked in ((text, number), (number, text)):
        with pytest.raises(ContractError, match="the key that it is compared with"):
            KeyIndex(keys).positions([asked["0"]])
    nothing = frame_of([[None]], [pa.string()])
    assert KeyIndex(number).positions([nothing["0"]]).tolist() == [-1]


def test_keys_that_are_not_whole_numbers_are_a_fault() -> None:
    """Nobody means them."""
    with pytest.raises(ContractError, match="not whole"):
        KeyIndex(frame_of([[1.5]], [pa.float64()]))


def test_looking_up_in_doubled_keys_names_them() -> None:
    """One of two values would be a guess."""
    frame = frame_of([[1, 1, 2], ["a", "b", "c"]], [pa.int64(), pa.string()])
    with pytest.raises(ValueError, match=r"not unique: \{'0': 1\}"):
        lookup(frame[["0"]], frame, "1")


def test_a_lookup_gives_null_where_nothing_matches() -> None:
    """And keeps the index of the rows that ask."""
    frame = frame_of([[1, 2, None], ["a", None, "c"]], [pa.int64(), pa.string()])
    asked = frame_of([[2, 9, 1, None]], [pa.int64()]).set_index(pd.Index([7, 8, 9, 10]))
    found = lookup(asked, frame, "1")
    assert pa.array(found).to_pylist() == [None, None, "a", None]
    assert found.index.tolist() == [7, 8, 9, 10]
