"""Team members."""

import pandas as pd

from etl.contract import (
    SET_ASIDE,
    Date,
    Dimension,
    Integer,
    Key,
    Text,
    Timestamp,
    attribute,
    change_key,
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
    rows_of=("team_members", "office_changes"),
    unknown=0.03,  # some never had an office
    hierarchies={"Region, Office and Member": ("dim_office.region", "dim_office.office_name", "member_name")},
):
    """One row per team member and office in which the member was, in the order of time.

    The office on joining counts from the beginning on, that of each move from the day of the move. Moves that are
    planned have their version already, which is current from its day on. All else is as of the night.
    """

    team_member_key: Key = surrogate_key()
    team_member_id: Integer = natural_key("The member's number.")
    changed_at: Timestamp = change_key("The instant of the move; 1900 for the office on joining.")
    member_name: Text = attribute("Given, paternal and maternal name.", nullable=True, unknown="Unknown", pii=True)
    email: Text = attribute("E-mail address, in lower case.", nullable=True, pii=True)
    role: Text = attribute("TEAM_MEMBER, unless the list of special members says otherwise.", unknown="Unknown")
    office_key: Key = reference("dim_office", "The office of these days.", on="office_id", history=True)
    joined_on: Date = attribute("First day in the sales force.", nullable=True)
    left_on: Date = attribute("Last day in the sales force; NULL for who is still there.", nullable=True)


def build(team_members: pd.DataFrame, office_changes: pd.DataFrame, special_members: pd.DataFrame) -> pd.DataFrame:
    """A member begins in the office on joining, and moves; who moves without ever having joined is left out."""
    role = lookup(team_members[["team_member_id"]], special_members, "role")
    members = pd.DataFrame(
        {
            "team_member_id": team_members["team_member_id"],
            "member_name": join_text(
                team_members["given_name"], team_members["paternal_name"], team_members["maternal_name"]
            ),
            "email": clean_text(team_members["email"], case="lower"),
            "role": clean_text(role, case="upper").fillna(EVERYBODY),
            "joined_on": team_members["joined_on"],
            "left_on": team_members["left_on"],
        }
    )
    member = office_changes[["team_member_id"]]
    same = {name: lookup(member, members, name) for name in members.columns if name != "team_member_id"}
    moves = office_changes[["team_member_id", "office_id", "changed_at"]].assign(**same)
    reason = pd.Series("a move of nobody who joined", index=moves.index, dtype="string[pyarrow]")
    moves[SET_ASIDE] = reason.where(moves["role"].isna())
    return pd.concat([members.assign(office_id=team_members["office_id"]), moves], ignore_index=True)
