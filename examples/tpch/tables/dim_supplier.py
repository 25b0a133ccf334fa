"""Suppliers."""

import pandas as pd

from etl.contract import Dimension, Integer, Key, Money, Text, attribute, natural_key, surrogate_key


class DimSupplier(Dimension, stream="suppliers"):
    """One row per supplier."""

    supplier_key: Key = surrogate_key()
    supplier_id: Integer = natural_key("The supplier's number.")
    supplier_name: Text = attribute("The supplier's name.")
    nation: Text = attribute("The nation's name.")
    region: Text = attribute("The region of the nation.")
    balance: Money = attribute("The account's balance.")


def build(suppliers: pd.DataFrame) -> pd.DataFrame:
    """Name the columns for people."""
    return suppliers.rename(
        columns={
            "s_suppkey": "supplier_id",
            "s_name": "supplier_name",
            "n_name": "nation",
            "r_name": "region",
            "s_acctbal": "balance",
        }
    )
