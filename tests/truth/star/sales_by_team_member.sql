SELECT m.team_member_id,
       COUNT(*)                 AS contracts,
       SUM(f.instances)         AS instances,
       SUM(f.gross_revenue)     AS gross_revenue,
       SUM(f.returned_revenue)  AS returned_revenue,
       SUM(f.net_revenue)       AS net_revenue
FROM fact_sales AS f JOIN dim_team_member AS m ON m.team_member_key = f.team_member_key
GROUP BY m.team_member_id
