SELECT c.client_id, d.product_id, d.edition,
       f.contracts, f.returned_contracts, f.instances, f.gross_revenue, f.net_revenue, f.retention, f.first_days_before_close
FROM fact_client_deployment AS f
JOIN dim_client AS c ON c.client_key = f.client_key
JOIN dim_deployment AS d ON d.deployment_key = f.deployment_key
