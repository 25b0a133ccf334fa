SELECT f.origin,
       COUNT(*)                 AS contracts,
       SUM(f.instances)         AS instances,
       SUM(f.gross_revenue)     AS gross_revenue,
       SUM(f.returned_revenue)  AS returned_revenue,
       SUM(f.net_revenue)       AS net_revenue
FROM fact_sales AS f GROUP BY f.origin
