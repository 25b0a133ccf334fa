-- Sales, and the periods that each is in: they end with the last sale, whose day is the clock.
-- like: fact_sales
SELECT
    contract_date_key,
    client_key,
    deployment_key,
    channel_key,
    team_member_key,
    contract_date,
    net_revenue,
    sold.year = EXTRACT(YEAR FROM last_sale) AND sold.date <= last_sale AS is_this_year,
    sold.year = EXTRACT(YEAR FROM last_sale) - 1 AS is_year_before,
    sold.one_year_later > last_sale AND sold.date <= last_sale AS is_in_12_months,
    4 * sold.year + sold.quarter = quarter_number - 1 AS is_last_quarter,
    4 * sold.year + sold.quarter = quarter_number - 2 AS is_quarter_before
FROM fact_sales
JOIN dim_date AS sold ON sold.date_key = fact_sales.contract_date_key
CROSS JOIN (SELECT MAX(contract_date) AS last_sale FROM fact_sales) AS clock
CROSS JOIN (
    SELECT MIN(4 * later.year + later.quarter) AS quarter_number
    FROM dim_date AS later
    WHERE later.date > (SELECT MAX(contract_date) FROM fact_sales)
) AS day_after
