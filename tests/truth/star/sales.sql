SELECT f.origin, f.contract_id, f.contract_date, cd.date AS contract_calendar_date,
       f.return_date, rd.date AS return_calendar_date, f.is_returned,
       c.client_id, d.product_id, d.edition, h.channel_code, m.team_member_id,
       f.days_before_close, f.instances, f.unit_price, f.gross_revenue, f.returned_revenue, f.net_revenue
FROM fact_sales AS f
JOIN dim_date AS cd ON cd.date_key = f.contract_date_key
JOIN dim_date AS rd ON rd.date_key = f.return_date_key
JOIN dim_client AS c ON c.client_key = f.client_key
JOIN dim_deployment AS d ON d.deployment_key = f.deployment_key
JOIN dim_channel AS h ON h.channel_key = f.channel_key
JOIN dim_team_member AS m ON m.team_member_key = f.team_member_key
