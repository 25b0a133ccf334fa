SELECT d.product_id, d.edition, f.date AS day, t.date AS calendar_date, f.is_unfinished, f.days_before_close,
       f.contracts, f.instances, f.gross_revenue, f.returned_revenue, f.net_revenue,
       f.visits, f.sessions, f.sign_ups, f.orders
FROM fact_deployment_day AS f
JOIN dim_deployment AS d ON d.deployment_key = f.deployment_key
JOIN dim_date AS t ON t.date_key = f.date_key
