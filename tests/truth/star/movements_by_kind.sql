SELECT f.movement, d.product_id, d.edition,
       COUNT(*)                                                AS movements,
       SUM(CASE WHEN f.team_member_key = 0 THEN 1 ELSE 0 END)  AS of_nobody_known,
       SUM(f.instances)                                        AS instances
FROM fact_usage_movements AS f JOIN dim_deployment AS d ON d.deployment_key = f.deployment_key
GROUP BY f.movement, d.product_id, d.edition
