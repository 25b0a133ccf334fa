"""Airline: drafted from airlines."""

import pandas as pd

from etl.contract import Dimension, Key, Text, attribute, natural_key, surrogate_key


class DimAirline(Dimension, rows_of=("airlines",)):
    """One row per airline.

    Airlines that fly from New York
    """

    airline_key: Key = surrogate_key()
    carrier: Text = natural_key("Two-letter code of the airline")
    name: Text = attribute("Full name of the airline", unknown="Unknown")


def build(airlines: pd.DataFrame) -> pd.DataFrame:
    """Return the rows as the query has them."""
    return airlines
