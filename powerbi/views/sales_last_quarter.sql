-- Sales of the last quarter that was over when the last sale's day was.
-- like: fact_sales
SELECT
    contract_date_key,
    client_key,
    deployment_key,
    channel_key,
    team_member_key,
    contract_date,
    net_revenue
FROM fact_sales
JOIN dim_date AS sold ON sold.date_key = fact_sales.contract_date_key
WHERE 4 * sold.year + sold.quarter = (
    SELECT 4 * day_after.year + day_after.quarter - 1
    FROM dim_date AS day_after
    WHERE day_after.date = (SELECT MIN(d.date) FROM dim_date AS d WHERE d.date > (SELECT MAX(contract_date) FROM fact_sales))
)
