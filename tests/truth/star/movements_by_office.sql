SELECT o.office_id, f.movement, COUNT(*) AS movements, SUM(f.instances) AS instances
FROM fact_usage_movements AS f
JOIN dim_team_member AS m ON m.team_member_key = f.team_member_key
JOIN dim_office AS o ON o.office_key = m.office_key
GROUP BY o.office_id, f.movement
