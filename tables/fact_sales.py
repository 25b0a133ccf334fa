"""Sales."""

from decimal import Decimal

import pandas as pd

from etl.contract import (
    SET_ASIDE,
    Date,
    Fact,
    Flag,
    Integer,
    Key,
    Money,
    Night,
    Text,
    attribute,
    business_date,
    clean_text,
    days_between,
    lookup,
    measure,
    natural_key,
    parse_date,
    reference,
)

from ._money import MONEY

SIGNED, PAID, RETURNED = 2, 6, 9
TEST_ORDER = 34


class FactSales(
    Fact,
    stream="contracts",
    window="closes_on",
    reads={"dim_deployment": ("product_id", "edition", "closes_on", "unit_price")},
    partition_by="contract_date",
    cluster_by=("deployment_key", "team_member_key", "client_key"),
    rejects=0.1,  # the sample is dirty on purpose, a small one more so
    unknown=0.1,
    closed_months="contract_date",
    tolerance=0.05,  # contracts of closed months are still returned
):
    """One row per contract that counts: signed, paid or returned, and no test.

    Its own unit price wins; without one the deployment's counts. Of a returned contract the returned revenue is the
    gross revenue, negative, on the day of return, and the net revenue 0.
    """

    origin: Text = natural_key("The system that holds the contract: new or old; their numbers collide.")
    contract_id: Integer = natural_key("The contract's number in its system.")
    contract_date_key: Key = reference("dim_date", "Day of the contract.", on="contract_date")
    return_date_key: Key = reference("dim_date", "Day of return.", on="return_date")
    client_key: Key = reference("dim_client", "The client.")
    deployment_key: Key = reference("dim_deployment", "The deployment.")
    channel_key: Key = reference("dim_channel", "The channel.")
    team_member_key: Key = reference(
        "dim_team_member", "The team member who sold, if one did, in the office of that day.", as_of="contract_date"
    )
    contract_date: Date = attribute("Day of the contract in business time.")
    return_date: Date = attribute("Day of return in business time, if returned.", nullable=True)
    is_returned: Flag = attribute("Whether the contract was returned.")
    days_before_close: Integer = measure("Days from the contract to the deployment's close.", nullable=True)
    instances: Integer = measure("Instances of the deployment.", ge=1)
    unit_price: Money = measure("Price of an instance.", ge=0, number_format=MONEY)
    gross_revenue: Money = measure("Instances times unit price.", ge=0, number_format=MONEY)
    returned_revenue: Money = measure("Minus the gross revenue where returned, else 0.", le=0, number_format=MONEY)
    net_revenue: Money = measure("Gross plus returned revenue.", ge=0, number_format=MONEY)


def build(contracts: pd.DataFrame, dim_deployment: pd.DataFrame, night: Night) -> pd.DataFrame:
    """Set aside what does not count, find price and close of the deployment, compute revenue exactly."""
    returned = (contracts["status"] == RETURNED).fillna(False)
    deployment = contracts[["product_id", "edition"]]
    closes_on = lookup(deployment, dim_deployment, "closes_on")
    price = contracts["unit_price"].fillna(lookup(deployment, dim_deployment, "unit_price"))
    gross = contracts["instances"] * price
    given_back = (-gross).where(returned, Decimal(0))
    contract_date = _day(contracts["contracted_at"], contracts["contract_date_text"], night)
    return_date = _day(contracts["returned_at"], contracts["return_date_text"], night)
    return pd.DataFrame(
        {
            "origin": contracts["origin"],
            "contract_id": contracts["contract_id"],
            "client_id": contracts["client_id"],
            "product_id": contracts["product_id"],
            "edition": contracts["edition"],
            "channel_code": clean_text(contracts["channel_code"], case="upper"),
            "team_member_id": contracts["team_member_id"],
            "contract_date": contract_date,
            "return_date": return_date.where(returned),
            "is_returned": returned,
            "days_before_close": days_between(contract_date, closes_on),
            "instances": contracts["instances"],
            "unit_price": price,
            "gross_revenue": gross,
            "returned_revenue": given_back,
            "net_revenue": gross + given_back,
            SET_ASIDE: _reason(contracts),
            "closes_on": closes_on,
        }
    )


def _day(instant: pd.Series, text: pd.Series, night: Night) -> pd.Series:
    """The present system knows the instant, the outdated one a text in business time."""
    return business_date(instant, night.time_zone).fillna(parse_date(text, "%d/%m/%Y"))


def _reason(contracts: pd.DataFrame) -> pd.Series:
    """Say why a contract does not count; NULL for one that does."""
    reason = pd.Series(pd.NA, index=contracts.index, dtype="string[pyarrow]")
    reason = reason.mask((contracts["order_kind"] == TEST_ORDER).fillna(False), "a test order")
    return reason.mask(~contracts["status"].isin([SIGNED, PAID, RETURNED]), "not signed, paid or returned")
