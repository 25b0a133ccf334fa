"""Products."""

import pandas as pd

from etl.contract import Dimension, Integer, Key, Text, attribute, clean_text, natural_key, surrogate_key


class DimProduct(Dimension, rows_of=("products",)):
    """One row per product, a line of cloud service that is sold in numbered editions."""

    product_key: Key = surrogate_key()
    product_id: Integer = natural_key("The product's number in the catalogue.")
    product_name: Text = attribute("The product's name.", nullable=True, unknown="Unknown", folded=True)
    category: Text = attribute("What kind of service it is.", nullable=True, unknown="Unknown", folded=True)


def build(products: pd.DataFrame) -> pd.DataFrame:
    """Clean the names."""
    return pd.DataFrame(
        {
            "product_id": products["product_id"],
            "product_name": clean_text(products["name"]),
            "category": clean_text(products["category"]),
        }
    )
