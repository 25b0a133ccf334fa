SELECT f.movement_id, f.usage_id, f.moved_at, f.movement_date, t.date AS calendar_date,
       m.team_member_id, d.product_id, d.edition, f.movement, f.instances
FROM fact_usage_movements AS f
JOIN dim_date AS t ON t.date_key = f.movement_date_key
JOIN dim_team_member AS m ON m.team_member_key = f.team_member_key
JOIN dim_deployment AS d ON d.deployment_key = f.deployment_key
