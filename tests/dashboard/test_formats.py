import datetime as dt
import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.core.errors import ContractError
from etl.dashboard.formats import drawn, label, shown
from etl.dashboard.picture import Value
from tests.drawn import cells_of

NUMBERS = """
| value                           | format            | shown                             |
|---------------------------------|-------------------|-----------------------------------|
| 0                               | #,0               | 0                                 |
| 1234567                         | #,0               | 1,234,567                         |
| 2026                            | 0                 | 2026                              |
| -1234.5                         | #,0               | −1,235                            |
| 1.005                           | #,0.00            | 1.01                              |
| 2.5                             | #,0               | 3                                 |
| -0.004                          | #,0.00            | 0.00                              |
| 12345678901234567890123456789.5 | #,0.00            | 12,345,678,901,234,567,890,123,456,789.50 |
| 0.98765                         | 0.0%              | 98.8%                             |
| 0.98765                         | 0.00%             | 98.77%                            |
| -12.5                           | #,##0.0%          | −1,250.0%                         |
| 3                               | +#,0.00;-#,0.00   | +3.00                             |
| -1234                           | +#,0.00;-#,0.00   | −1,234.00                         |
| 1.50                            | General           | 1.50                              |
| 1234.5                          | "€"#,0.00         | €1,234.50                         |
| -1234.5                         | "€"#,0.00         | −€1,234.50                        |
| -0.001                          | "€"#,0.00         | €0.00                             |
| 1234.5                          | "¥"#,0            | ¥1,235                            |
| 12                              | +"€"#,0;-"€"#,0   | +€12                              |
| -12                             | +"€"#,0;-"€"#,0   | −€12                              |
"""


@pytest.mark.parametrize(("value", "number_format", "expected"), cells_of(NUMBERS))
def test_numbers_are_written_by_their_format_rounded_half_up(value: str, number_format: str, expected: str) -> None:
    """As a spreadsheet writes them, with the real minus sign."""
    assert shown(Decimal(value), number_format) == expected


@given(whole=st.integers(-(10**38), 10**38))
def test_money_is_within_half_a_cent_of_what_it_is(whole: int) -> None:
    """Read back, the text is the amount to the cent, ties away from zero; thousands are grouped."""
    text = shown(Decimal(f"{whole}E-4"), "#,0.00")
    assert re.fullmatch(r"−?\d{1,3}(,\d{3})*\.\d\d", text)
    cents = int(text.replace(",", "").replace(".", "").replace("−", "-"))
    assert cents == (abs(whole) + 50) // 100 * (1 if whole >= 0 else -1)


@pytest.mark.parametrize(
    ("value", "number_format", "expected"),
    [
        (None, "#,0", "–"),
        (True, "General", "Yes"),
        (False, "#,0", "No"),
        ("NA", "General", "NA"),
        (0.1 + 0.2, "0.0%", "30.0%"),
        (float("nan"), "#,0", "nan"),
        (dt.date(2026, 3, 1), "yyyy-mm-dd", "2026-03-01"),
        (dt.datetime(2026, 3, 1, 23, 30), "yyyy-mm-dd hh:mm", "2026-03-01 23:30 UTC"),
        (
            dt.datetime(2026, 3, 1, 23, 30, tzinfo=dt.timezone(dt.timedelta(hours=-6))),
            "yyyy-mm-dd hh:mm",
            "2026-03-02 05:30 UTC",
        ),
        (dt.datetime(2026, 3, 1, 23, 30, tzinfo=dt.timezone(dt.timedelta(hours=-6))), "yyyy-mm-dd", "2026-03-02"),
    ],
)
def test_what_is_no_number_is_written_as_people_do(value: Value, number_format: str, expected: str) -> None:
    """NULL is a dash; times are UTC, and say so; whatever the format is."""
    assert shown(value, number_format) == expected


def test_members_are_written_as_they_are() -> None:
    """A year or an edition has no thousands separator."""
    assert [label(value) for value in (2026, -3, Decimal("1E+3"), dt.date(2026, 1, 2), "", None)] == [
        "2026",
        "−3",
        "1000",
        "2026-01-02",
        "(empty)",
        "–",
    ]


@pytest.mark.parametrize("number_format", ["", "0,0", "€ 0", "#,0;(#,0)", "#,0.00;-#,0", '""#,0', '+"€"#,0;-#,0'])
def test_a_format_that_is_not_known_is_refused(number_format: str) -> None:
    """No number is written in another way than was meant."""
    with pytest.raises(ContractError, match="not one that the dashboard can write"):
        shown(1, number_format)


def test_only_finite_numbers_are_drawn() -> None:
    """What JSON and a chart have no place for is left out."""
    assert [drawn(value) for value in (Decimal("1.5"), 2, True, None, "3", float("inf"))] == [
        1.5,
        2,
        None,
        None,
        None,
        None,
    ]
