"""Team members: roles, and the office after the last move."""

from tests.tables.drawing import assert_drawn, drawn, judged, nothing

MEMBERS = """
    | team_member_id | office_id |
    | -------------- | --------- |
    | 1              | 10        |
    | 2              | 10        |
    | 3              | ∅         |
    """


def test_everybody_is_a_team_member_unless_the_list_says_otherwise() -> None:
    """The list's role counts, without blanks and letter case; an empty one, or none, is TEAM_MEMBER."""
    members = judged(
        "dim_team_member",
        team_members=drawn(MEMBERS, "team_members"),
        office_changes=nothing("office_changes"),
        special_members=drawn(
            """
            | team_member_id | role     |
            | -------------- | -------- |
            | 2              | ·leader· |
            | 3              |          |
            | 99             | GHOST    |
            """
        ),
    )
    assert_drawn(
        members,
        """
        | team_member_id | role        |
        | -------------- | ----------- |
        | 1              | TEAM_MEMBER |
        | 2              | LEADER      |
        | 3              | TEAM_MEMBER |
        """,
    )


def test_a_member_sits_where_the_last_move_up_to_the_night_led() -> None:
    """A move that is planned for later has not happened yet; the order of the rows does not matter."""
    members = judged(
        "dim_team_member",
        team_members=drawn(MEMBERS, "team_members"),
        office_changes=drawn(
            """
            | team_member_id | office_id | changed_at       |
            | -------------- | --------- | ---------------- |
            | 1              | 12        | 2029-05-01 08:00 |
            | 1              | 11        | 2028-05-01 08:00 |
            | 1              | 13        | 2030-03-15 02:31 |
            | 3              | 14        | 2030-03-15 02:30 |
            """
        ),
        special_members=nothing("special_members"),
    )
    assert_drawn(
        members,
        """
        | team_member_id | office_id |
        | -------------- | --------- |
        | 1              | 12        |
        | 2              | 10        |
        | 3              | 14        |
        """,
    )
