-- Sales by the day of return.
-- like: fact_sales
SELECT
    return_date_key AS contract_date_key,
    client_key,
    deployment_key,
    channel_key,
    team_member_key,
    returned_revenue
FROM fact_sales
