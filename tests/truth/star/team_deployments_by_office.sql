SELECT o.office_id, f.retention, COUNT(*) AS members, SUM(f.self_usage_instances) AS self_usage_instances
FROM fact_team_deployment AS f
JOIN dim_team_member AS m ON m.team_member_key = f.team_member_key
JOIN dim_office AS o ON o.office_key = m.office_key
GROUP BY o.office_id, f.retention
