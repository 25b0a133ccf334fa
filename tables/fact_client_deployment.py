"""Clients and deployments."""

import pandas as pd

from etl.contract import (
    SET_ASIDE,
    Date,
    Fact,
    Integer,
    Key,
    Money,
    Text,
    attribute,
    lookup,
    measure,
    reference,
    summarized,
)

from ._money import MONEY
from ._retention import COMES_BACK_WITHIN, RETENTION, retention

ROW = ["client_id", "product_id", "edition"]
SUMS = ["contracts", "returned_contracts", "instances", "gross_revenue", "net_revenue"]


class FactClientDeployment(
    Fact,
    cluster_by=("deployment_key", "client_key"),
    group_by="client_id",
    summed_by=("client_id", "product_id", "edition"),
    recompute_by=("client_id", "product_id"),
    window="closes_on",
    reads={"dim_client": ("client_id",), "dim_deployment": ("product_id", "edition", "opened_on", "closes_on")},
):
    """One row per client and deployment in which the client has a contract.

    Retention compares editions of the same product in which the client had net sales (contracts not returned): none
    before, or the last one more than 10 editions ago, is New; the edition before, Retained; 2 to 10 editions ago,
    Reactivated; no net sale in this one, None. All history counts, also what lies before the published window.
    """

    client_key: Key = reference("dim_client", "The client.", grain=True)
    deployment_key: Key = reference("dim_deployment", "The deployment.", grain=True)
    first_contract_date_key: Key = reference("dim_date", "Day of the first contract.", on="first_contract_date")
    first_contract_date: Date = attribute(
        "Day of the first contract that was not returned, or of the first one where all were."
    )
    contracts: Integer = measure("Contracts.", ge=1)
    returned_contracts: Integer = measure("Contracts returned.", ge=0)
    instances: Integer = measure("Instances, returned ones among them.", ge=1)
    gross_revenue: Money = measure("Gross revenue of the contracts.", ge=0, number_format=MONEY)
    net_revenue: Money = measure("Net revenue of the contracts.", ge=0, number_format=MONEY)
    first_days_before_close: Integer = measure(
        "Days from the first contract that was not returned to the deployment's close.", nullable=True
    )
    retention: Text = attribute("The client's class.", isin=RETENTION)


def partial(fact_sales: pd.DataFrame) -> pd.DataFrame:
    """Add a block of sales up by client and deployment."""
    kept = ~fact_sales["is_returned"]
    first = {"first_date": fact_sales["contract_date"], "first_kept": fact_sales["contract_date"].where(kept)}
    days = fact_sales["days_before_close"].where(kept)
    rows = fact_sales.assign(
        contracts=1, returned_contracts=fact_sales["is_returned"], first_days_before_close=days, **first
    )
    return _added_up(rows)


def build(fact_sales: pd.DataFrame, dim_client: pd.DataFrame, dim_deployment: pd.DataFrame) -> pd.DataFrame:
    """Add all up, set aside what has no client or deployment, and compare each edition with the last one sold."""
    rows = _added_up(fact_sales)
    rows["first_contract_date"] = rows["first_kept"].fillna(rows["first_date"])
    reason = _reason(rows, dim_client, dim_deployment)
    sold = rows["contracts"] > rows["returned_contracts"]
    rows["closes_on"] = lookup(rows[["product_id", "edition"]], dim_deployment, "closes_on")
    buyer = ["client_id", "product_id"]
    rows["retention"] = retention(rows, buyer, "edition", active=sold & reason.isna(), within=COMES_BACK_WITHIN)
    return rows.drop(columns=["first_date", "first_kept"]).assign(**{SET_ASIDE: reason})


def _added_up(rows: pd.DataFrame) -> pd.DataFrame:
    """Add rows up by client and deployment, with the first day, and the first one of what was not returned."""
    greatest = {"first_days_before_close": "first_days_before_close"}
    least = {name: name for name in ("first_date", "first_kept")}
    return summarized(rows, ROW, sums={name: name for name in SUMS}, greatest=greatest, least=least)


def _reason(rows: pd.DataFrame, dim_client: pd.DataFrame, dim_deployment: pd.DataFrame) -> pd.Series:
    """Say why a row is no client's and deployment's; NULL for one that is."""
    client = lookup(rows[["client_id"]], dim_client, "client_id").notna()
    deployment = lookup(rows[["product_id", "edition"]], dim_deployment, "opened_on").notna()
    reason = pd.Series(pd.NA, index=rows.index, dtype="string[pyarrow]")
    return reason.mask(~deployment, "unknown deployment").mask(~client, "unknown client")
