SELECT m.role, o.office_name, COUNT(*) AS team_members
FROM dim_team_member AS m JOIN dim_office AS o ON o.office_key = m.office_key
WHERE m.team_member_key <> 0 AND m.is_current
GROUP BY m.role, o.office_name
