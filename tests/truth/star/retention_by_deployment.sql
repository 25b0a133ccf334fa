SELECT d.product_id, d.edition, f.retention, COUNT(*) AS team_members
FROM fact_team_deployment AS f JOIN dim_deployment AS d ON d.deployment_key = f.deployment_key
GROUP BY d.product_id, d.edition, f.retention
