"""Offices."""

import pandas as pd

from etl.contract import Date, Dimension, Integer, Key, Text, attribute, natural_key, surrogate_key

from ._names import conformed, named

REGIONS = ["North", "South", "Centre", "Portugal", "Islands"]
NO_REGION = "No region"


class DimOffice(Dimension, rows_of=("offices",)):
    """One row per office of the sales force."""

    office_key: Key = surrogate_key()
    office_id: Integer = natural_key("The office's number.")
    office_name: Text = attribute("The office's name, or its number.", unknown="Unknown", folded=True)
    region: Text = attribute("The region that it belongs to, in one spelling.", unknown=NO_REGION, folded=True)
    opened_on: Date = attribute("Its first day.", nullable=True)


def build(offices: pd.DataFrame) -> pd.DataFrame:
    """Spell names and regions in one way."""
    return pd.DataFrame(
        {
            "office_id": offices["office_id"],
            "office_name": named(offices["name"], "Office", offices["office_id"]),
            "region": conformed(offices["region"], {name: name for name in REGIONS}, NO_REGION),
            "opened_on": offices["opened_on"],
        }
    )
