"""Shops."""

import pandas as pd

from etl.contract import Dimension, Integer, Key, Text, attribute, natural_key, reference, surrogate_key


class DimShop(Dimension):
    """One row per shop."""

    shop_key: Key = surrogate_key()
    shop_id: Integer = natural_key("Its number.")
    parent_key: Key = reference("dim_shop", "The shop that it belongs to.", on="parent_id")
    name: Text = attribute("Its name.", nullable=True, unknown="Unknown")


def build(shops: pd.DataFrame) -> pd.DataFrame:
    """Take the shops as they are."""
    return shops
