-- Sales on the day one year later, as far as there are sales by then.
-- like: fact_sales
SELECT
    later.date_key AS contract_date_key,
    client_key,
    deployment_key,
    channel_key,
    team_member_key,
    net_revenue,
    later.year = (SELECT EXTRACT(YEAR FROM MAX(contract_date)) FROM fact_sales) AS is_this_year
FROM fact_sales
JOIN dim_date AS sold ON sold.date_key = fact_sales.contract_date_key
JOIN dim_date AS later ON later.date = sold.one_year_later
WHERE later.date <= (SELECT MAX(contract_date) FROM fact_sales)
