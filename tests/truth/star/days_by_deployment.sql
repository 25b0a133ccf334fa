SELECT d.product_id, d.edition,
       COUNT(*)                                            AS days,
       SUM(CASE WHEN f.is_unfinished THEN 1 ELSE 0 END)    AS unfinished_days,
       SUM(f.contracts)                                    AS contracts,
       SUM(f.gross_revenue)                                AS gross_revenue,
       SUM(f.returned_revenue)                             AS returned_revenue,
       SUM(f.visits)                                       AS visits,
       SUM(CASE WHEN f.visits IS NULL THEN 1 ELSE 0 END)   AS days_without_visits,
       SUM(f.sessions)                                     AS sessions,
       SUM(f.orders)                                       AS orders
FROM fact_deployment_day AS f JOIN dim_deployment AS d ON d.deployment_key = f.deployment_key
GROUP BY d.product_id, d.edition
