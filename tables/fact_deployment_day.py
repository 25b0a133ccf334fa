"""Deployments day by day."""

import pandas as pd

from etl.contract import (
    BLOCK,
    BUCKET,
    SET_ASIDE,
    UNPUBLISHED,
    Date,
    Fact,
    Flag,
    Integer,
    Key,
    Money,
    Night,
    Text,
    attribute,
    days_between,
    lookup,
    measure,
    reference,
    running_total,
    summarized,
    totals,
)

from ._money import MONEY
from ._pace import GAPS, running_largest, why_no_pace

EDITION = ["product_id", "edition"]
DAY = [*EDITION, "date"]
SUMS = ["contracts", "instances", "gross_revenue", "returned_revenue"]
WEB = ["visits", "sessions", "sign_ups", "orders"]


class FactDeploymentDay(
    Fact,
    summed_by=("product_id", "edition", "contract_date", BLOCK, BUCKET),
    partition_by="date",
    cluster_by=("deployment_key",),
    rejects=0.3,
):
    """One row per deployment and calendar day from its first sale to its close, without gaps.

    While it is open: to the night's business date, whose day is unfinished and no measure of pace. No visit is 0, no
    measurement is NULL. What carries `previous` is the edition before, at the same number of days before its close.
    """

    deployment_key: Key = reference("dim_deployment", "The deployment.", grain=True)
    date_key: Key = reference("dim_date", "The day.", on="date", grain=True)
    date: Date = attribute("The day.")
    is_unfinished: Flag = attribute("Whether the day was not over when the data were read.")
    days_before_close: Integer = measure("Days from this day to the close.", nullable=True, ge=0)
    contracts: Integer = measure("Contracts of the day.", ge=0)
    instances: Integer = measure("Instances sold on the day.", ge=0)
    gross_revenue: Money = measure("Gross revenue of the day's contracts.", ge=0, number_format=MONEY)
    returned_revenue: Money = measure("Minus the revenue of contracts returned on the day.", le=0, number_format=MONEY)
    net_revenue: Money = measure("Gross plus returned revenue of the day.", number_format=MONEY)
    visits: Integer = measure("Visits of the web site.", nullable=True)
    sessions: Integer = measure("Sessions on the web site.", nullable=True)
    sign_ups: Integer = measure("Sign-ups on the web site.", nullable=True)
    orders: Integer = measure("Orders on the web site.", nullable=True)
    contracts_to_date: Integer = measure("Contracts from the first sale to the day.", ge=0)
    net_revenue_to_date: Money = measure("Net revenue from the first sale to the day.", number_format=MONEY)
    largest_contract_to_date: Money = measure(
        "Net revenue of the largest contract from the first sale to the day.", ge=0, number_format=MONEY
    )
    pace_gap: Text = attribute("Why there is no edition before to compare with.", nullable=True, isin=GAPS)
    previous_contracts_to_date: Integer = measure("The edition before: contracts to date.", nullable=True)
    previous_net_revenue_to_date: Money = measure(
        "The edition before: revenue to date.", nullable=True, number_format=MONEY
    )
    previous_visits: Integer = measure("The edition before: visits of the day.", nullable=True)
    previous_orders: Integer = measure("The edition before: orders of the day.", nullable=True)


def partial(fact_sales: pd.DataFrame) -> pd.DataFrame:
    """Add a block of sales up by day: contracts on their day, what was given back on the day of return."""
    of_contract = [*DAY, "contract_date", BLOCK, BUCKET]
    on_its_day = fact_sales.assign(contracts=1, date=fact_sales["contract_date"])
    sums = {name: name for name in ("contracts", "instances", "gross_revenue")}
    sold = summarized(on_its_day, of_contract, sums=sums, greatest={"largest_contract": "net_revenue"})
    returned = fact_sales[fact_sales["is_returned"]]
    given_back = totals(returned.assign(date=returned["return_date"]), of_contract, returned_revenue="returned_revenue")
    return pd.concat([sold, given_back], ignore_index=True)


def build(
    fact_sales: pd.DataFrame, web_analytics: pd.DataFrame, dim_deployment: pd.DataFrame, night: Night
) -> pd.DataFrame:
    """Lay the sums and the web analytics on each deployment's calendar, then compare with the edition before."""
    largest = {"largest_contract": "largest_contract"}
    sums = summarized(fact_sales, DAY, sums={name: name for name in SUMS}, greatest=largest)
    web = web_analytics.rename(columns={"day": "date"})[[*DAY, *WEB]]
    days = _calendar(sums, dim_deployment, night).merge(sums, on=DAY, how="left").merge(web, on=DAY, how="left")
    for name in (*SUMS, "largest_contract"):
        days[name] = days[name].fillna(0)
    days["net_revenue"] = days["gross_revenue"] + days["returned_revenue"]
    days["days_before_close"] = days_between(days["date"], days["closes_on"])
    days["is_unfinished"] = days["date"] == night.business_date
    days["contracts_to_date"] = running_total(days, EDITION, "contracts")
    days["net_revenue_to_date"] = running_total(days, EDITION, "net_revenue")
    days["largest_contract_to_date"] = running_largest(days, EDITION, "largest_contract")
    days = days.join(_of_previous_edition(days))
    days["pace_gap"] = why_no_pace(days, EDITION)
    days[UNPUBLISHED] = days["closes_on"] < night.window_start
    return pd.concat(
        [days.drop(columns="closes_on"), _off_the_calendar(sums, days, dim_deployment)], ignore_index=True
    ).drop(columns="largest_contract")


def _calendar(sums: pd.DataFrame, dim_deployment: pd.DataFrame, night: Night) -> pd.DataFrame:
    """Every day of every deployment from its first sale to its close, or to the night's date while it is open."""
    first = sums[sums["contracts"] > 0].groupby(EDITION, as_index=False)["date"].min()
    spans = first.merge(dim_deployment[[*EDITION, "closes_on"]], on=EDITION)
    last = spans["closes_on"].fillna(night.business_date)
    spans["date"] = [
        list(pd.date_range(start, min(end, night.business_date)).date)
        for start, end in zip(spans["date"], last, strict=True)
    ]
    days = spans.explode("date", ignore_index=True).dropna(subset="date")
    return days.assign(date=days["date"].astype(object).astype(sums["date"].dtype))  # where there is none, too


def _of_previous_edition(days: pd.DataFrame) -> pd.DataFrame:
    """What the edition before had at the same number of days before its close: nothing for an unfinished day.

    Before its first sale it had 0; where it has not come so far, being open too, it is not known.
    """
    finished = days[~days["is_unfinished"] & days["days_before_close"].notna()]
    reached = finished.groupby(EDITION, as_index=False)["days_before_close"].min()
    wanted = finished[[*EDITION, "days_before_close"]].assign(edition=finished["edition"] - 1)
    found = pd.DataFrame(index=finished.index)
    by_then = lookup(wanted[EDITION], reached, "days_before_close") <= wanted["days_before_close"]
    has_previous = by_then.fillna(False)
    for name in ("contracts_to_date", "net_revenue_to_date"):
        found[f"previous_{name}"] = lookup(wanted, finished, name).fillna(0).where(has_previous)
    for name in ("visits", "orders"):
        found[f"previous_{name}"] = lookup(wanted, finished, name)
    return found


def _off_the_calendar(sums: pd.DataFrame, days: pd.DataFrame, dim_deployment: pd.DataFrame) -> pd.DataFrame:
    """Sums that no calendar has a day for, with the reason."""
    on_calendar = lookup(sums[DAY], days[DAY].assign(is_there=True), "is_there").fillna(False)
    off = sums[~on_calendar]
    known = lookup(off[EDITION], dim_deployment, "opened_on").notna()
    reason = pd.Series("before the first sale or after the close", index=off.index, dtype="string[pyarrow]")
    reason = reason.mask(off["date"].isna(), "returned on an unknown day").mask(~known, "unknown deployment")
    return off.assign(**{SET_ASIDE: reason})
