"""Orders."""

import pandas as pd

from etl.contract import Date, Fact, Integer, Key, Money, Text, attribute, measure, natural_key, reference


class FactOrder(Fact, stream="orders", partition_by="ordered_on", closed_months="ordered_on"):
    """One row per order."""

    order_id: Integer = natural_key("The order's number.")
    customer_key: Key = reference("dim_customer", "The customer.")
    ordered_on: Date = attribute("Day of the order.")
    status: Text = attribute("F finished, O open, P partly.", isin=["F", "O", "P"])
    priority: Text = attribute("How urgent it is.")
    total_price: Money = measure("What its lines cost, discount and tax included.", ge=0)


def build(orders: pd.DataFrame) -> pd.DataFrame:
    """Name the columns for people."""
    return orders.rename(
        columns={
            "o_orderkey": "order_id",
            "o_custkey": "customer_id",
            "o_orderdate": "ordered_on",
            "o_orderstatus": "status",
            "o_orderpriority": "priority",
            "o_totalprice": "total_price",
        }
    )
