"""Key lookups: as a dictionary would find them, without gluing texts."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.contract import lookup
from etl.contract.key_index import KeyIndex
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


DAY, NOON = date(2030, 1, 1), datetime(2030, 1, 1, 12)
OF_EACH_KIND = {
    "a number": [pa.array([1], kind) for kind in (pa.int8(), pa.uint64(), pa.int64(), pa.float64())]
    + [pa.array([Decimal(1)], kind) for kind in (pa.decimal128(5, 0), pa.decimal128(38, 9), pa.decimal256(76, 0))],
    "text": [pa.array(["1"], kind) for kind in (pa.string(), pa.large_string(), pa.string_view())]
    + [pa.array(["1"]).dictionary_encode()],
    "a flag": [pa.array([True])],
    "a date": [pa.array([DAY], pa.date32()), pa.array([DAY], pa.date64())],
    "a time with a zone": [
        pa.array([NOON], pa.timestamp(unit, zone)) for unit, zone in (("us", "UTC"), ("ns", "Asia/Tokyo"))
    ],
    "a time without a zone": [pa.array([NOON], pa.timestamp("us")), pa.array([NOON], pa.timestamp("s"))],
    "a time of day": [pa.array([NOON.time()], pa.time64("us")), pa.array([NOON.time()], pa.time32("s"))],
    "a span of time": [pa.array([1], pa.int64()).cast(pa.duration("s"))],
}  # fmt: skip
PAIRS = [
    (mine, kept, other, asked)
    for mine, of_mine in OF_EACH_KIND.items()
    for kept in of_mine
    for other, of_other in OF_EACH_KIND.items()
    for asked in of_other
]


def key_of(values: pa.Array, name: str = "k") -> pd.DataFrame:
    """Make a frame of one key column."""
    return pa.table({name: values}).to_pandas(types_mapper=pd.ArrowDtype)


def test_the_types_of_both_sides_decide_whether_keys_compare() -> None:
    """Every type with every other: within a kind the same value is found, between two it is a fault that names both.

    So it is where no value is there: a night without rows says what one with rows would.
    """
    for mine, kept, other, asked in PAIRS:
        index = KeyIndex(key_of(kept))
        if mine == other:
            assert index.positions([key_of(asked)["k"]]).tolist() == [0], (kept.type, asked.type)
            continue
        for members, rows in ((kept, asked), (kept.slice(0, 0), asked), (kept, asked.slice(0, 0))):
            with pytest.raises(ContractError) as fault:
                KeyIndex(key_of(members)).positions([key_of(rows, "a")["a"]])
            assert f"a is {other} ({asked.type}), and k, the key" in fault.value.message
            assert f"{mine} ({kept.type})" in fault.value.message
            assert fault.value.hint


@pytest.mark.parametrize(
    ("kept", "asked", "cure"),
    [
        (pa.int64(), pa.string(), "a::bigint"),
        (pa.date32(), pa.timestamp("us", "UTC"), "business_date"),
        (pa.timestamp("us"), pa.date32(), "business_date"),
        (pa.timestamp("us"), pa.timestamp("us", "UTC"), "AT TIME ZONE"),
        (pa.int64(), pa.date32(), "`on`"),
    ],
)
def test_the_cure_fits_the_two_kinds(kept: pa.DataType, asked: pa.DataType, cure: str) -> None:
    """What to write, and where."""
    with pytest.raises(ContractError) as fault:
        KeyIndex(key_of(pa.array([], kept))).positions([key_of(pa.array([], asked), "a")["a"]])
    assert cure in fault.value.hint


def test_a_column_that_is_nothing_but_null_is_found_nowhere() -> None:
    """Pandas makes such a column where nothing tells a type."""
    nothing = key_of(pa.array([None], pa.null()))
    for kept in (pa.array([5]), pa.array(["5"]), pa.array([DAY], pa.date32())):
        assert KeyIndex(key_of(kept)).positions([nothing["k"]]).tolist() == [-1]
        assert KeyIndex(nothing).positions([key_of(kept)["k"]]).tolist() == [-1]


@pytest.mark.parametrize("values", [pa.array([b"1"]), pa.array([[1]]), pa.array([{"a": 1}])])
def test_what_identifies_nothing_is_a_fault(values: pa.Array) -> None:
    """Bytes, lists and records."""
    with pytest.raises(ContractError, match="which cannot identify a row"):
        KeyIndex(key_of(values))


@pytest.mark.parametrize(
    "values",
    [
        pa.array([1.5]),
        pa.array([2.0**53]),  # the same float as 2**53 + 1
        pa.array([2**63], pa.uint64()),
        pa.array([Decimal(2**63)], pa.decimal128(38, 0)),
        pa.array([Decimal("1.5")], pa.decimal128(5, 2)),
        pa.array([1], pa.timestamp("ns", "UTC")),
    ],
)
def test_keys_that_64_bits_do_not_hold_are_a_fault(values: pa.Array) -> None:
    """Rounded, they would meet the key of another member."""
    with pytest.raises(ContractError, match="not whole numbers of 64 bits"):
        KeyIndex(key_of(values))


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
