"""Parts."""

import pandas as pd

from etl.contract import Dimension, Integer, Key, Money, Text, attribute, natural_key, surrogate_key


class DimPart(Dimension, stream="parts"):
    """One row per part."""

    part_key: Key = surrogate_key()
    part_id: Integer = natural_key("The part's number.")
    part_name: Text = attribute("The part's name.")
    brand: Text = attribute("The brand.")
    kind: Text = attribute("The type of part.")
    size: Integer = attribute("The size.")
    retail_price: Money = attribute("The retail price.")


def build(parts: pd.DataFrame) -> pd.DataFrame:
    """Name the columns for people."""
    return parts.rename(
        columns={
            "p_partkey": "part_id",
            "p_name": "part_name",
            "p_brand": "brand",
            "p_type": "kind",
            "p_size": "size",
            "p_retailprice": "retail_price",
        }
    )
