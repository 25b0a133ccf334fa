SELECT m.year_month,
       COUNT(*)                 AS contracts,
       SUM(f.returned_revenue)  AS returned_revenue
FROM fact_sales AS f JOIN dim_date AS m ON m.date_key = f.return_date_key
WHERE f.is_returned GROUP BY m.year_month
