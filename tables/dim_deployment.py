"""Deployments."""

from datetime import timedelta

import pandas as pd

from etl.contract import (
    Date,
    Dimension,
    Flag,
    Integer,
    Key,
    Money,
    Night,
    Text,
    attribute,
    days_between,
    natural_key,
    reference,
    surrogate_key,
)

from ._names import named


class DimDeployment(
    Dimension,
    rows_of=("deployments",),
    hierarchies={"Product and Deployment": ("dim_product.product_name", "deployment_name")},
):
    """One row per deployment: one edition of a product, sold between two dates at a unit price."""

    deployment_key: Key = surrogate_key()
    product_id: Integer = natural_key("The product's number in the catalogue.")
    edition: Integer = natural_key("The edition's number within the product; the edition before has the number before.")
    product_key: Key = reference("dim_product", "The product.")
    deployment_name: Text = attribute("The deployment's name, or its edition.", unknown="Unknown")
    unit_price: Money = attribute("Price of an instance, for contracts without a price of their own.", ge=0)
    opened_on: Date = attribute("First day of sale.")
    closes_on: Date = attribute("Last day of sale; NULL while it is not set.", nullable=True)
    days_to_close: Integer = attribute(
        "Days from the night's last finished day to the close, while it is open.", nullable=True
    )
    is_open: Flag = attribute("Whether it is still sold on the night's business date.", unknown=False)


def build(deployments: pd.DataFrame, night: Night) -> pd.DataFrame:
    """An edition is open from its first day of sale until its closing date has passed."""
    closed = deployments["closes_on"] < night.business_date
    is_open = (deployments["opened_on"] <= night.business_date) & ~closed.fillna(False)
    yesterday = pd.Series(
        night.business_date - timedelta(days=1), index=deployments.index, dtype=deployments["closes_on"].dtype
    )
    return pd.DataFrame(
        {
            "product_id": deployments["product_id"],
            "edition": deployments["edition"],
            "deployment_name": named(deployments["name"], "Edition", deployments["edition"]),
            "unit_price": deployments["unit_price"],
            "opened_on": deployments["opened_on"],
            "closes_on": deployments["closes_on"],
            "days_to_close": days_between(yesterday, deployments["closes_on"]).where(is_open),
            "is_open": is_open,
        }
    )
