SELECT d.product_id, d.edition, f.date AS day, f.days_before_close, f.contracts_to_date, f.net_revenue_to_date,
       f.previous_contracts_to_date, f.previous_net_revenue_to_date, f.previous_visits, f.previous_orders,
       f.largest_contract_to_date, f.pace_gap
FROM fact_deployment_day AS f JOIN dim_deployment AS d ON d.deployment_key = f.deployment_key
