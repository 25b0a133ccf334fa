"""Usage movements."""

import pandas as pd

from etl.contract import (
    Date,
    Fact,
    Integer,
    Key,
    Night,
    Text,
    Timestamp,
    attribute,
    business_date,
    lookup,
    measure,
    natural_key,
    reference,
)

ALLOCATION, RETURN, REALLOCATION = "ALLOCATION", "RETURN", "REALLOCATION"
KINDS = {1: ALLOCATION, 2: RETURN}


class FactUsageMovements(
    Fact,
    stream="movements",
    window="closes_on",
    reads={"dim_deployment": ("product_id", "edition", "closes_on")},
    partition_by="movement_date",
    cluster_by=("deployment_key", "team_member_key"),
    rejects=0.1,
    unknown=0.1,
    closed_months="movement_date",
):
    """One row per movement of a block of instances.

    In the order of time within a usage id and deployment (equal times by the movement's number), an allocation whose
    direct predecessor is a return is a reallocation. The predecessor may be many nights old.
    """

    movement_id: Integer = natural_key("The movement's number.")
    movement_date_key: Key = reference("dim_date", "Day of the movement.", on="movement_date")
    team_member_key: Key = reference(
        "dim_team_member", "To whom, or by whom, in the office of that day.", as_of="movement_date"
    )
    deployment_key: Key = reference("dim_deployment", "The deployment.")
    usage_id: Integer = attribute("The block of instances that moves.")
    moved_at: Timestamp = attribute("The instant of the movement.")
    movement_date: Date = attribute("Its day in business time.")
    movement: Text = attribute("What it is.", isin=[ALLOCATION, RETURN, REALLOCATION])
    instances: Integer = measure("Instances in the block.", nullable=True)


def build(movements: pd.DataFrame, dim_deployment: pd.DataFrame, night: Night) -> pd.DataFrame:
    """The query's order lets the row above be the predecessor, where it is of the same group."""
    group = movements[["usage_id", "product_id", "edition"]]
    same = (group == group.shift()).fillna(False).all(axis=1)
    kind = movements["movement_type"].map(KINDS).astype("string[pyarrow]")
    after_return = same & (movements["movement_type"].shift() == 2)
    again = (after_return & (kind == ALLOCATION)).fillna(False)
    closes_on = lookup(movements[["product_id", "edition"]], dim_deployment, "closes_on")
    return pd.DataFrame(
        {
            "movement_id": movements["movement_id"],
            "usage_id": movements["usage_id"],
            "product_id": movements["product_id"],
            "edition": movements["edition"],
            "team_member_id": movements["team_member_id"],
            "moved_at": movements["moved_at"],
            "movement_date": business_date(movements["moved_at"], night.time_zone),
            "movement": kind.mask(again, REALLOCATION),
            "instances": movements["instances"],
            "closes_on": closes_on,
        }
    )
