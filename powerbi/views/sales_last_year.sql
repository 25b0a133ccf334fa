-- Sales on the day one year later, as far as there are sales by then.
-- like: fact_sales
SELECT
    later.date_key AS contract_date_key,
    client_key,
    deployment_key,
    channel_key,
    team_member_key,
    net_revenue
FROM fact_sales
JOIN dim_date AS later ON later.date = CAST(DATE_ADD(contract_date, INTERVAL 1 YEAR) AS DATE)
WHERE later.date <= (SELECT MAX(contract_date) FROM fact_sales)
