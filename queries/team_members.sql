-- Team members as they joined: office_id is their first office (moves stand in office_changes).
-- grain: one row per team member
-- source: cloud
-- key: team_member_id

SELECT
    team_member_id,
    office_id,

    given_name,
    paternal_name,
    maternal_name,
    email,

    joined_on,
    left_on
FROM people.team_members
