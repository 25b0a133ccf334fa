-- The list of special members: whoever is not on it has the role TEAM_MEMBER.
-- grain: one row per special member
-- source: cloud
-- key: team_member_id
-- survivor: role
-- may be empty: yes

SELECT
    team_member_id,

    role
FROM people.special_members
