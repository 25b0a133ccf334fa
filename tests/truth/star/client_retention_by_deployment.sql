SELECT d.product_id, d.edition, f.retention,
       COUNT(*) AS clients, SUM(f.contracts) AS contracts, SUM(f.net_revenue) AS net_revenue
FROM fact_client_deployment AS f JOIN dim_deployment AS d ON d.deployment_key = f.deployment_key
GROUP BY d.product_id, d.edition, f.retention
