"""Cleaning: text, dates, days, exact sums."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from etl.contract import (
    business_date,
    clean_text,
    days_between,
    join_text,
    parse_date,
    running_total,
    summarized,
    totals,
)
from etl.core.errors import ContractError

WHITE = "".join(chr(code) for code in range(0x110000) if chr(code).isspace())
TEXTS = st.lists(
    st.none()
    | st.text(max_size=8)
    | st.text(st.sampled_from("aB " + WHITE), max_size=8)
    | st.text(st.sampled_from("ßİıſΣςŉﬁé\u0301Ǆ K"), max_size=6)
    | st.sampled_from(["NA", "nan", "null", "", " ", "a\r\nb", '"', "👩‍💻 x"])
)


def column(values: list[object], kind: pa.DataType) -> pd.Series:
    """Make a column as the engine does, with an index that is not 0, 1, 2."""
    return pd.Series(pd.array(pa.array(values, kind), dtype=pd.ArrowDtype(kind)), index=range(5, 5 + len(values)))


def values(found: pd.Series) -> list[object]:
    """Give a column's plain values."""
    result: list[object] = pa.array(found).to_pylist()
    return result


@pytest.mark.parametrize("case", [None, "lower", "upper"])
@given(texts=TEXTS, times=st.sampled_from([1, 3]))
@settings(max_examples=100)
def test_cleaned_text_is_what_python_says(case: str | None, texts: list[str | None], times: int) -> None:
    """Split at every Unicode white space, join with blanks, fold the case; empty is NULL. However often it occurs."""

    def clean(text: str) -> str | None:
        folded = " ".join(text.split())
        return (getattr(folded, case)() if case else folded) or None

    found = clean_text(column(texts * times, pa.string()), case=case)  # type: ignore[arg-type]
    assert values(found) == [None if text is None else clean(text) for text in texts] * times
    assert found.index.tolist() == list(range(5, 5 + len(texts) * times))


@given(st.lists(st.tuples(*[st.none() | st.sampled_from(["", " a ", "b", "NA"])] * 3)))
def test_texts_are_joined_of_what_is_there(rows: list[tuple[str | None, ...]]) -> None:
    """NULL and blank parts leave no gap; a row with nothing is NULL and keeps its place."""
    parts = [column([row[n] for row in rows], pa.string()) for n in range(3)]
    wanted = [" ".join(text.strip() for text in row if text and text.strip()) or None for row in rows]
    assert values(join_text(*parts)) == wanted


def test_dates_in_text_are_read_or_null() -> None:
    """Blanks around do not matter; a day that is none, another order or a NULL gives NULL."""
    texts = ["03/02/2030", " 3/2/2030\t", "29/02/2029", "29/02/2028", "2030-02-03", "", "NA", None]
    assert values(parse_date(column(texts, pa.string()), "%d/%m/%Y")) == [
        date(2030, 2, 3), date(2030, 2, 3), None, date(2028, 2, 29), None, None, None, None,
    ]  # fmt: skip


@given(st.lists(st.none() | st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1))))
def test_the_business_date_is_that_of_the_zones_clock(instants: list[datetime | None]) -> None:
    """Also on the days on which clocks change."""
    utc = [None if i is None else i.replace(tzinfo=UTC) for i in instants]
    wanted = [None if i is None else i.astimezone(ZoneInfo("Europe/Madrid")).date() for i in utc]
    assert values(business_date(column(utc, pa.timestamp("us", "UTC")), "Europe/Madrid")) == wanted


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        ("2030-03-30T22:59", "2030-03-30"),
        ("2030-03-30T23:00", "2030-03-31"),
        ("2030-03-31T22:00", "2030-04-01"),
        ("2030-10-26T22:00", "2030-10-27"),
        ("2030-10-27T22:59", "2030-10-27"),
        ("2030-10-27T23:00", "2030-10-28"),
    ],
)
def test_the_days_on_which_clocks_change_have_23_and_25_hours(instant: str, day: str) -> None:
    """31 March and 27 October 2030 in Madrid."""
    found = business_date(column([datetime.fromisoformat(instant).replace(tzinfo=UTC)], pa.timestamp("us", "UTC")),
                          "Europe/Madrid")  # fmt: skip
    assert values(found) == [date.fromisoformat(day)]


def test_times_that_stand_for_ever_are_of_the_last_day() -> None:
    """9999-12-31 23:59:59 in UTC is in Madrid of a year that nobody has."""
    found = business_date(column([datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)], pa.timestamp("us", "UTC")),
                          "Europe/Madrid")  # fmt: skip
    assert values(found) == [date(9999, 12, 31)]


def test_times_without_a_zone_are_business_time() -> None:
    """Their date is what they say."""
    found = business_date(column([datetime(2030, 7, 1, 23, 30)], pa.timestamp("us")), "Europe/Madrid")
    assert values(found) == [date(2030, 7, 1)]


def test_days_between_may_be_negative_and_null() -> None:
    """Counted from the first to the last, over leap days and clock changes."""
    first = column([date(2028, 2, 28), date(2030, 3, 31), date(2030, 1, 2), None], pa.date32())
    last = column([date(2028, 3, 1), date(2030, 4, 1), date(2030, 1, 1), date(2030, 1, 1)], pa.date32())
    assert values(days_between(first, last)) == [2, 1, -1, None]


MONEY = st.none() | st.decimals(Decimal("-9e9"), Decimal("9e9"), places=2)
ROWS = st.lists(st.tuples(st.none() | st.integers(0, 2), st.none() | st.sampled_from("xy"), MONEY, st.booleans()))


@given(ROWS)
def test_totals_are_exact_and_null_is_a_group(rows: list[tuple[object, ...]]) -> None:
    """Money stays decimal, a flag counts its trues, one column may be added up under two names."""
    kinds = {"a": pa.int64(), "b": pa.string(), "money": pa.decimal128(12, 2), "flag": pa.bool_()}
    frame = pd.DataFrame({name: column([row[n] for row in rows], kind) for n, (name, kind) in enumerate(kinds.items())})
    found = totals(frame, ["a", "b"], money="money", again="money", flags="flag")
    wanted: dict[tuple[object, object], list[object]] = {}
    for a, b, money, flag in rows:
        there = wanted.setdefault((a, b), [None, 0])
        there[0] = there[0] if money is None else (there[0] or Decimal(0)) + money  # type: ignore[operator]
        there[1] += flag  # type: ignore[operator]
    rows_found = pa.Table.from_pandas(found, preserve_index=False).to_pylist()
    assert {(r["a"], r["b"]): [r["money"], r["flags"]] for r in rows_found} == wanted
    assert len(rows_found) == len(wanted)
    assert all(r["again"] == r["money"] for r in rows_found)
    assert pa.types.is_decimal(found["money"].dtype.pyarrow_dtype)


@given(ROWS)
def test_a_summary_has_sums_and_the_greatest_and_least_values_of_each_group(rows: list[tuple[object, ...]]) -> None:
    """NULL counts nowhere, also of texts; what has another name may be the same column."""
    kinds = {"a": pa.int64(), "b": pa.string(), "money": pa.decimal128(12, 2), "flag": pa.bool_()}
    frame = pd.DataFrame({name: column([row[n] for row in rows], kind) for n, (name, kind) in enumerate(kinds.items())})
    found = summarized(
        frame, ["a"], sums={"sum": "money"}, greatest={"most": "money", "last": "b"}, least={"least": "money"}
    )
    wanted = {
        a: [None if not of else of_all(of) for of_all, of in ((sum, money), (max, money), (max, texts), (min, money))]
        for a in {row[0] for row in rows}
        for money in [[row[2] for row in rows if row[0] == a and row[2] is not None]]
        for texts in [[row[1] for row in rows if row[0] == a and row[1] is not None]]
    }
    told = pa.Table.from_pandas(found, preserve_index=False).to_pylist()
    assert {r["a"]: [r["sum"], r["most"], r["last"], r["least"]] for r in told} == wanted
    assert list(found.columns) == ["a", "sum", "most", "last", "least"]


def test_of_nothing_but_null_all_is_null() -> None:
    """A column of no type, too."""
    frame = pd.DataFrame({"g": column([1, 1], pa.int64()), "n": column([None, None], pa.null())})
    found = summarized(frame, ["g"], sums={"sum": "n"}, greatest={"most": "n"}, least={"least": "n"})
    assert [values(found[name]) for name in ("sum", "most", "least")] == [[None]] * 3


@given(st.lists(st.tuples(st.none() | st.integers(0, 2), MONEY)), st.sampled_from([2, 4, 9]))
@example([(1, Decimal("5e9")), (1, Decimal("5e9"))], 9)  # more than 64 bits hold
def test_a_running_total_is_exact_at_any_scale(rows: list[tuple[object, ...]], scale: int) -> None:
    """In the order of the rows, NULL counts as 0, and those without a group are one."""
    kind = pa.decimal128(20 + scale - 2, scale)
    frame = pd.DataFrame({"a": column([a for a, _ in rows], pa.int64()), "m": column([m for _, m in rows], kind)})
    sums: dict[object, Decimal] = {}
    wanted = []
    for a, money in rows:
        sums[a] = sums.get(a, Decimal(0)) + (money or 0)  # type: ignore[operator]
        wanted.append(sums[a])
    assert values(running_total(frame, ["a"], "m")) == wanted


LARGE = st.none() | st.integers(-(2**63), 2**63 - 1) | st.sampled_from([2**63 - 1, -(2**63), 5 * 10**18, 1])


@given(st.lists(st.tuples(st.integers(0, 1), LARGE), max_size=6), st.booleans())
@example([(1, 5 * 10**18), (1, 5 * 10**18)], False)
@example([(1, -(2**63)), (1, -(2**63))], False)
@example([(1, 2**63 - 1), (0, 2**63 - 1), (1, 0)], False)  # together too much, and each group's sum fits
def test_a_sum_of_integers_is_exact_or_refused_and_never_wraps(rows: list[tuple[Any, ...]], wide: bool) -> None:
    """In groups and from row to row; of decimals there is room for it."""
    kind = pa.decimal128(38, 0) if wide else pa.int64()
    frame = pd.DataFrame({"g": column([g for g, _ in rows], pa.int64()), "n": column([n for _, n in rows], kind)})
    sums: dict[int, Any] = {}
    running = []
    for g, n in rows:
        sums[g] = sums.get(g, 0) + (n or 0)
        running.append(sums[g])
    nothing = {g for g in sums if all(n is None for other, n in rows if other == g)}
    for wanted, add in (
        ({g: None if g in nothing else n for g, n in sums.items()}, lambda: groups_of(totals(frame, ["g"], n="n"))),
        (running, lambda: values(running_total(frame, ["g"], "n"))),
    ):
        every = [n for n in (wanted.values() if isinstance(wanted, dict) else wanted) if n is not None]
        if wide or all(-(2**63) <= n < 2**63 for n in every):
            assert add() == wanted
        else:
            with pytest.raises(ContractError, match="sum of n is too large for int64") as fault:
                add()
            assert "n::numeric(38, 0)" in fault.value.hint


def groups_of(frame: pd.DataFrame) -> dict[object, object]:
    """Give each group's sum."""
    return dict(zip(values(frame["g"]), values(frame["n"]), strict=True))


@pytest.mark.parametrize("scale", [0, 9, 37])
def test_a_sum_of_more_digits_than_any_decimal_has_is_refused(scale: int) -> None:
    """Arrow's wraps around at 128 bits: 9e37 twice is -1.6e38."""
    most = Decimal(f"{'9' * 38}E-{scale}")
    frame = pd.DataFrame({"g": column([1, 1], pa.int64()), "n": column([most, most], pa.decimal128(38, scale))})
    for add in (totals, running_total):
        with pytest.raises(ContractError, match="sum of n is too large for decimal128") as fault:
            add(frame, ["g"], n="n") if add is totals else add(frame, ["g"], "n")  # type: ignore[operator]
        assert "power of ten" in fault.value.hint
    one = frame.iloc[:1]
    assert values(totals(one, ["g"], n="n")["n"]) == values(running_total(one, ["g"], "n")) == [most]


@pytest.mark.parametrize(
    ("kind", "numbers", "total"),
    [
        (pa.int8(), [100, 100], 200),
        (pa.uint8(), [200, 200], 400),
        (pa.uint64(), [2**64 - 1, 1], 2**64),
        (pa.bool_(), [True, True], 2),
        (pa.decimal128(28, 2), [Decimal("9" * 26), Decimal("9" * 26)], Decimal("1" + "9" * 25 + "8")),
        (pa.decimal256(50, 2), [Decimal("0.5"), Decimal("0.25")], Decimal("0.75")),
        (pa.float64(), [0.5, 0.25], 0.75),
        (pa.null(), [None, None], None),
    ],
)
def test_what_can_be_added_up_has_a_type_in_which_it_can_be(kind: pa.DataType, numbers: list[Any], total: Any) -> None:
    """Small integers do not wrap at their own width, nor long decimals at 28 digits."""
    frame = pd.DataFrame({"g": column([1, 1], pa.int64()), "n": column(numbers, kind)})
    assert values(totals(frame, ["g"], n="n")["n"]) == [total]
    assert values(running_total(frame, ["g"], "n"))[-1] == (total or 0)


@pytest.mark.parametrize("add", [lambda f: totals(f, ["g"], n="n"), lambda f: running_total(f, ["g"], "n")])
@pytest.mark.parametrize("value", ["7", date(2030, 1, 1), datetime(2030, 1, 1), b"x"])
def test_what_is_no_number_cannot_be_added_up(add: Any, value: object) -> None:
    """The sentence names the column and its type."""
    frame = pd.DataFrame({"g": column([1], pa.int64()), "n": column([value], pa.scalar(value).type)})
    with pytest.raises(ContractError, match=r"n is of the type .*, which cannot be added up"):
        add(frame)


@pytest.mark.parametrize("precision", [4, 28, 32, 38])
def test_sums_can_be_added_and_multiplied(precision: int) -> None:
    """However wide the column is declared, a sum takes 28 digits where it can."""
    frame = pd.DataFrame({"g": column([1], pa.int64()), "n": column([Decimal("1.5")], pa.decimal128(precision, 2))})
    found = totals(frame, ["g"], n="n", m="n")
    assert values(found["n"] * Decimal("0.5") + found["m"]) == [Decimal("2.25")]
