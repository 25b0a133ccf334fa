"""Offices."""

import pandas as pd

from etl.contract import Date, Dimension, Integer, Key, Text, attribute, clean_text, natural_key, surrogate_key


class DimOffice(Dimension, rows_of=("offices",)):
    """One row per office of the sales force."""

    office_key: Key = surrogate_key()
    office_id: Integer = natural_key("The office's number.")
    office_name: Text = attribute("The office's name.", nullable=True, unknown="Unknown")
    region: Text = attribute("The region that it belongs to.", nullable=True, unknown="Unknown")
    opened_on: Date = attribute("Its first day.", nullable=True)


def build(offices: pd.DataFrame) -> pd.DataFrame:
    """Clean the names."""
    return pd.DataFrame(
        {
            "office_id": offices["office_id"],
            "office_name": clean_text(offices["name"]),
            "region": clean_text(offices["region"]),
            "opened_on": offices["opened_on"],
        }
    )
