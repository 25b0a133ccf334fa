SELECT d.product_id, d.edition,
       COUNT(*)                 AS contracts,
       SUM(f.instances)         AS instances,
       SUM(f.gross_revenue)     AS gross_revenue,
       SUM(f.returned_revenue)  AS returned_revenue,
       SUM(f.net_revenue)       AS net_revenue,
       SUM(f.days_before_close) AS days_before_close
FROM fact_sales AS f JOIN dim_deployment AS d ON d.deployment_key = f.deployment_key
GROUP BY d.product_id, d.edition
