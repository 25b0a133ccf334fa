SELECT o.office_id, f.contract_date,
       COUNT(*)                 AS contracts,
       SUM(f.gross_revenue)     AS gross_revenue,
       SUM(f.returned_revenue)  AS returned_revenue,
       SUM(f.net_revenue)       AS net_revenue
FROM fact_sales AS f
JOIN dim_team_member AS m ON m.team_member_key = f.team_member_key
JOIN dim_office AS o ON o.office_key = m.office_key
GROUP BY o.office_id, f.contract_date
