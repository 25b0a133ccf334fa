-- Moves of team members from one office to another, planned ones included.
-- Of two at the same instant the one to the office with the higher number counts.
-- grain: one row per team member and instant
-- source: cloud
-- key: team_member_id, changed_at
-- survivor: -office_id
-- may be empty: yes

SELECT
    team_member_id,
    office_id,

    changed_at
FROM people.office_changes
