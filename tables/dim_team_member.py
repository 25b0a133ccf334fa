"""Team members."""

import pandas as pd

from etl.contract import (
    Date,
    Dimension,
    Integer,
    Key,
    Night,
    Text,
    attribute,
    clean_text,
    join_text,
    lookup,
    natural_key,
    reference,
    surrogate_key,
)

EVERYBODY = "TEAM_MEMBER"


class DimTeamMember(
    Dimension,
    rows_of=("team_members",),
    unknown=0.03,  # some never had an office
    hierarchies={"Region, Office and Member": ("dim_office.region", "dim_office.office_name", "member_name")},
):
    """One row per team member, with the role and the office of the night's instant."""

    team_member_key: Key = surrogate_key()
    team_member_id: Integer = natural_key("The member's number.")
    member_name: Text = attribute("Given, paternal and maternal name.", nullable=True, unknown="Unknown", pii=True)
    email: Text = attribute("E-mail address, in lower case.", nullable=True, pii=True)
    role: Text = attribute("TEAM_MEMBER, unless the list of special members says otherwise.", unknown="Unknown")
    office_key: Key = reference("dim_office", "The office after the last move.", on="office_id")
    joined_on: Date = attribute("First day in the sales force.", nullable=True)
    left_on: Date = attribute("Last day in the sales force; NULL for who is still there.", nullable=True)


def build(
    team_members: pd.DataFrame, office_changes: pd.DataFrame, special_members: pd.DataFrame, night: Night
) -> pd.DataFrame:
    """A member's office is that of the last move up to the night, else the one on joining."""
    member = team_members[["team_member_id"]]
    moves = office_changes[office_changes["changed_at"] <= night.as_of].sort_values("changed_at", kind="stable")
    moved_to = lookup(member, moves.drop_duplicates("team_member_id", keep="last"), "office_id")
    role = lookup(member, special_members, "role")
    return pd.DataFrame(
        {
            "team_member_id": team_members["team_member_id"],
            "member_name": join_text(
                team_members["given_name"], team_members["paternal_name"], team_members["maternal_name"]
            ),
            "email": clean_text(team_members["email"], case="lower"),
            "role": clean_text(role, case="upper").fillna(EVERYBODY),
            "office_id": moved_to.fillna(team_members["office_id"]),
            "joined_on": team_members["joined_on"],
            "left_on": team_members["left_on"],
        }
    )
