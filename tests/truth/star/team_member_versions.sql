SELECT m.team_member_id, m.version, o.office_id, m.valid_from, m.valid_to, m.is_current, m.member_name, m.role
FROM dim_team_member AS m JOIN dim_office AS o ON o.office_key = m.office_key
WHERE m.team_member_key <> 0
