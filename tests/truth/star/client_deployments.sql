SELECT c.client_id, d.product_id, d.edition,
       f.contracts, f.returned_contracts, f.instances, f.gross_revenue, f.net_revenue, f.retention, f.first_days_before_close,
       f.first_contract_date, t.date AS first_contract_day
FROM fact_client_deployment AS f
JOIN dim_client AS c ON c.client_key = f.client_key
JOIN dim_deployment AS d ON d.deployment_key = f.deployment_key
JOIN dim_date AS t ON t.date_key = f.first_contract_date_key
