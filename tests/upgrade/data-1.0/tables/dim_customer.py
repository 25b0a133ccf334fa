"""Customers."""

import pandas as pd

from etl.contract import Dimension, Key, Text, Timestamp, attribute, natural_key, surrogate_key


class DimCustomer(Dimension, survivor=("-registered_at",), rows_of=("customers",)):
    """One row per customer, as registered last."""

    customer_key: Key = surrogate_key()
    customer_no: Text = natural_key("Its number.")
    country: Text = attribute("Its country.", unknown="Unknown")
    mail: Text = attribute("Its address.", nullable=True, pii=True)
    registered_at: Timestamp = attribute("When it registered last.", nullable=True)


def build(customers: pd.DataFrame) -> pd.DataFrame:
    """Take the customers; times are written in UTC."""
    return customers.assign(registered_at=customers["registered_at"].dt.tz_localize("UTC"))
