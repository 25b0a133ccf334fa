SELECT o.office_id, COUNT(*) AS contracts, SUM(f.net_revenue) AS net_revenue
FROM fact_sales AS f
JOIN dim_team_member AS m ON m.team_member_key = f.team_member_key
JOIN dim_team_member AS n ON n.team_member_durable_key = m.team_member_durable_key AND n.is_current
JOIN dim_office AS o ON o.office_key = n.office_key
GROUP BY o.office_id
