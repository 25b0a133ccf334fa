-- Sales of the calendar year of the last sale.
-- like: fact_sales
SELECT
    contract_date_key,
    client_key,
    deployment_key,
    channel_key,
    team_member_key,
    net_revenue
FROM fact_sales
JOIN dim_date AS sold ON sold.date_key = fact_sales.contract_date_key
WHERE sold.year = (SELECT EXTRACT(YEAR FROM MAX(contract_date)) FROM fact_sales)
    AND sold.date <= (SELECT MAX(contract_date) FROM fact_sales)
