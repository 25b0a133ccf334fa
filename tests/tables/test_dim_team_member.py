"""Team members: roles, and a version for each office."""

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


def test_a_member_has_a_version_for_each_office() -> None:
    """Whatever the order of the rows: the office on joining counts from the beginning, a move from its day on.

    A move that is planned for later has its version, which is not current yet; a move to where one is makes none; who
    moves and never joined is left out. The day of a move is that of Madrid.
    """
    members = judged(
        "dim_team_member",
        team_members=drawn(MEMBERS, "team_members"),
        office_changes=drawn(
            """
            | team_member_id | office_id | changed_at       |
            | -------------- | --------- | ---------------- |
            | 1              | 12        | 2029-05-01 08:00 |
            | 1              | 12        | 2029-06-01 08:00 |
            | 1              | 11        | 2028-05-01 22:30 |
            | 1              | 13        | 2030-03-16 08:00 |
            | 3              | 14        | 2030-03-15 02:30 |
            | 9              | 14        | 2030-03-15 02:30 |
            """
        ),
        special_members=nothing("special_members"),
    )
    assert_drawn(
        members,
        """
        | team_member_id | office_id | valid_from | valid_to   | is_current | version |
        | -------------- | --------- | ---------- | ---------- | ---------- | ------- |
        | 1              | 10        | 1900-01-01 | 2028-05-02 | no         | 1       |
        | 1              | 11        | 2028-05-02 | 2029-05-01 | no         | 2       |
        | 1              | 12        | 2029-05-01 | 2030-03-16 | yes        | 3       |
        | 1              | 13        | 2030-03-16 | 9999-12-31 | no         | 4       |
        | 2              | 10        | 1900-01-01 | 9999-12-31 | yes        | 1       |
        | 3              | ∅         | 1900-01-01 | 2030-03-15 | no         | 1       |
        | 3              | 14        | 2030-03-15 | 9999-12-31 | yes        | 2       |
        """,
    )
    assert members.counts.set_aside == {"a move of nobody who joined": 1}
    assert members.counts.merged == 1
