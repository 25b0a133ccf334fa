"""Team members and deployments."""

import pandas as pd

from etl.contract import (
    BLOCK,
    SET_ASIDE,
    Fact,
    Flag,
    Integer,
    Key,
    Money,
    Text,
    attribute,
    lookup,
    measure,
    reference,
    totals,
)

from ._money import MONEY
from ._retention import COMES_BACK_WITHIN, RETENTION, retention

ROW = ["team_member_id", "product_id", "edition"]
SALES = ["contracts", "returned_contracts", "instances", "gross_revenue", "net_revenue"]
MOVEMENTS = ["allocations", "returns", "reallocations"]


class FactTeamDeployment(
    Fact,
    cluster_by=("deployment_key", "team_member_key"),
    group_by="team_member_id",
    rejects=0.05,
    summed_by=("team_member_id", "product_id", "edition", BLOCK),
    summed_where=("team_member_id",),
    recompute_by=("team_member_id", "product_id"),
    window="closes_on",
    reads={
        "dim_team_member": ("team_member_id", "role"),
        "dim_deployment": ("product_id", "edition", "opened_on", "closes_on"),
    },
):
    """One row per team member and deployment that has an allocation, a sale or self usage.

    Retention compares editions of the same product in which the member had net sales (contracts not returned): none
    before, or the last one more than 10 editions ago, is New; the edition before, Retained; 2 to 10 editions ago,
    Reactivated; no net sale in this one, None. All history counts, also what lies before the published window.
    """

    team_member_key: Key = reference(
        "dim_team_member", "The team member, in the office of the deployment's last day.", grain=True, as_of="closes_on"
    )
    deployment_key: Key = reference("dim_deployment", "The deployment.", grain=True)
    allocations: Integer = measure("Allocations, reallocations among them.", ge=0)
    returns: Integer = measure("Returns.", ge=0)
    reallocations: Integer = measure("Allocations that directly follow a return.", ge=0)
    has_three_or_more_allocations: Flag = attribute("Whether there were three or more allocations.")
    is_reallocated: Flag = attribute("Whether there was a reallocation.")
    returned_everything: Flag = attribute("Whether there were allocations, and no net sale.")
    self_usage_instances: Integer = measure("Instances that the member used.", ge=0)
    contracts: Integer = measure("Contracts sold.", ge=0)
    returned_contracts: Integer = measure("Contracts sold and returned.", ge=0)
    instances: Integer = measure("Instances sold, returned ones among them.", ge=0)
    gross_revenue: Money = measure("Gross revenue of the contracts.", ge=0, number_format=MONEY)
    net_revenue: Money = measure("Net revenue of the contracts.", ge=0, number_format=MONEY)
    retention: Text = attribute("The member's class.", isin=RETENTION)


def partial_sales(fact_sales: pd.DataFrame) -> pd.DataFrame:
    """Add a block of sales up by member and deployment."""
    sold = fact_sales[fact_sales["team_member_id"].notna()].assign(contracts=1)
    sums = {name: name for name in SALES} | {"returned_contracts": "is_returned"}
    return totals(sold, [*ROW, BLOCK], **sums)


def partial_movements(fact_usage_movements: pd.DataFrame) -> pd.DataFrame:
    """Count a block of movements by member and deployment."""
    kind = fact_usage_movements["movement"]
    counted = fact_usage_movements[[*ROW, BLOCK]].assign(
        allocations=kind != "RETURN", returns=kind == "RETURN", reallocations=kind == "REALLOCATION"
    )
    return totals(counted[counted["team_member_id"].notna()], [*ROW, BLOCK], **{name: name for name in MOVEMENTS})


def partial_self_usage(self_usage: pd.DataFrame) -> pd.DataFrame:
    """Add a block of self usage up by member and deployment."""
    used = self_usage[self_usage["team_member_id"].notna()]
    return totals(used, [*ROW, BLOCK], self_usage_instances="instances")


def build(
    fact_sales: pd.DataFrame,
    fact_usage_movements: pd.DataFrame,
    self_usage: pd.DataFrame,
    dim_team_member: pd.DataFrame,
    dim_deployment: pd.DataFrame,
) -> pd.DataFrame:
    """Add all up, set aside what has no member or deployment, and compare each edition with the last one sold."""
    parts = [fact_sales, fact_usage_movements, self_usage]
    sums = [*SALES, *MOVEMENTS, "self_usage_instances"]
    rows = totals(pd.concat(parts, ignore_index=True), ROW, **{name: name for name in sums})
    for name in sums:
        rows[name] = rows[name].fillna(0)
    rows["closes_on"] = lookup(rows[["product_id", "edition"]], dim_deployment, "closes_on")
    sold = rows["contracts"] > rows["returned_contracts"]
    reason = _reason(rows, dim_team_member, dim_deployment)
    rows["has_three_or_more_allocations"] = rows["allocations"] >= 3
    rows["is_reallocated"] = rows["reallocations"] > 0
    rows["returned_everything"] = (rows["allocations"] > 0) & ~sold
    seller = ["team_member_id", "product_id"]
    rows["retention"] = retention(rows, seller, "edition", active=sold & reason.isna(), within=COMES_BACK_WITHIN)
    return rows.assign(**{SET_ASIDE: reason})


def _reason(rows: pd.DataFrame, dim_team_member: pd.DataFrame, dim_deployment: pd.DataFrame) -> pd.Series:
    """Say why a row is no member's and deployment's; NULL for one that is."""
    active = (rows["allocations"] > 0) | (rows["contracts"] > 0) | (rows["self_usage_instances"] > 0)
    member = lookup(rows[["team_member_id"]], dim_team_member, "role").notna()
    deployment = lookup(rows[["product_id", "edition"]], dim_deployment, "opened_on").notna()
    reason = pd.Series(pd.NA, index=rows.index, dtype="string[pyarrow]")
    reason = reason.mask(~active, "neither allocation, sale nor self usage")
    return reason.mask(~deployment, "unknown deployment").mask(~member, "unknown team member")
