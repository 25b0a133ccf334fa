"""The sums of a month are exact, however large."""

from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest

from etl.contract import Date, Fact, Integer, measure, natural_key
from etl.contract import Decimal as Digits
from etl.contract.table import Contract
from etl.transform.months import added, months_of


class FactX(Fact, closed_months="day"):
    """One row per x."""

    x_id: Integer = natural_key("Its number.")
    day: Date = natural_key("When.")
    month: Integer = measure("A number.")
    most: Digits(31, 2) = measure("Another.")  # type: ignore[valid-type]


@pytest.mark.parametrize("number", [2**63 - 1, -(2**63), 5 * 10**18, 1])
def test_a_months_sum_does_not_wrap(number: int) -> None:
    """Of integers and decimals, in a part and over parts; a measure may be called like the months."""
    most = Decimal("9" * 29 + ".99")
    days = [date(2030, 1, 1), date(2030, 1, 31), date(2030, 2, 1), None]
    contract = Contract.of("fact_x", FactX)
    kinds = pa.schema([contract.schema.field(name).remove_metadata() for name in ("day", "month", "most")])
    table = pa.Table.from_arrays(
        [pa.array(days, pa.date32()), pa.array([number] * 4), pa.array([most] * 4, pa.decimal128(31, 2))], schema=kinds
    )
    months = months_of(table, contract)
    assert months["2030-01"] == {"month": str(2 * number), "most": "199999999999999999999999999999.98"}
    assert months["2030-02"] == {"month": str(number), "most": str(most)}
    assert added([months, months])["2030-01"]["month"] == str(4 * number)
