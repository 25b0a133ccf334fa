"""Customers."""

import pandas as pd

from etl.contract import Dimension, Integer, Key, Money, Text, attribute, natural_key, surrogate_key


class DimCustomer(Dimension, stream="customers"):
    """One row per customer."""

    customer_key: Key = surrogate_key()
    customer_id: Integer = natural_key("The customer's number.")
    customer_name: Text = attribute("The customer's name.", pii=True)
    nation: Text = attribute("The nation's name.")
    region: Text = attribute("The region of the nation.")
    segment: Text = attribute("The market segment.")
    balance: Money = attribute("The account's balance.")


def build(customers: pd.DataFrame) -> pd.DataFrame:
    """Name the columns for people."""
    return customers.rename(
        columns={
            "c_custkey": "customer_id",
            "c_name": "customer_name",
            "n_name": "nation",
            "r_name": "region",
            "c_mktsegment": "segment",
            "c_acctbal": "balance",
        }
    )
