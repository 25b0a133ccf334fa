SELECT h.channel_code,
       COUNT(*)                 AS contracts,
       SUM(f.instances)         AS instances,
       SUM(f.gross_revenue)     AS gross_revenue,
       SUM(f.returned_revenue)  AS returned_revenue,
       SUM(f.net_revenue)       AS net_revenue
FROM fact_sales AS f JOIN dim_channel AS h ON h.channel_key = f.channel_key
GROUP BY h.channel_code
