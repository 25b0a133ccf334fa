"""Sales."""

import datetime as dt

import pandas as pd

from etl.contract import (
    SET_ASIDE,
    UNPUBLISHED,
    Date,
    Fact,
    Integer,
    Key,
    Money,
    Text,
    attribute,
    measure,
    natural_key,
    reference,
)


class FactSale(
    Fact,
    stream="sales",
    partition_by="sold_on",
    cluster_by=("shop_key",),
    closed_months="sold_on",
    rejects=0.5,
    unknown=1,
    settled_after=2,
):
    """One row per sale."""

    sale_id: Integer = natural_key("Its number.")
    shop_key: Key = reference("dim_shop", "The shop.")
    customer_key: Key = reference("dim_customer", "Who bought.")
    date_key: Key = reference("dim_date", "The day.", on="sold_on")
    sold_on: Date = attribute("The day.")
    kind: Text = attribute("What it was.")
    price: Money = measure("What it cost.", ge=0, number_format="€ #,0.00")


def build(sales: pd.DataFrame) -> pd.DataFrame:
    """Leave tests out, and publish from 2020 on."""
    reason = pd.Series(pd.NA, index=sales.index, dtype="string[pyarrow]").mask(sales["kind"] == "test", "a test")
    return sales.assign(**{SET_ASIDE: reason, UNPUBLISHED: sales["sold_on"] < dt.date(2020, 1, 1)})
