SELECT c.client_id,
       COUNT(*)                 AS contracts,
       SUM(f.instances)         AS instances,
       SUM(f.gross_revenue)     AS gross_revenue,
       SUM(f.returned_revenue)  AS returned_revenue,
       SUM(f.net_revenue)       AS net_revenue
FROM fact_sales AS f JOIN dim_client AS c ON c.client_key = f.client_key
WHERE c.client_key <> 0
GROUP BY c.client_id ORDER BY SUM(f.gross_revenue) DESC, c.client_id LIMIT 50
