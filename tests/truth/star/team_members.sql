SELECT m.team_member_id, m.member_name, m.email, m.role, o.office_id, o.office_name, m.joined_on, m.left_on
FROM dim_team_member AS m JOIN dim_office AS o ON o.office_key = m.office_key
WHERE m.team_member_key <> 0 AND m.is_current
