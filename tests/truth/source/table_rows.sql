-- How many rows has each table? A dimension has one more, its unknown member.
WITH years AS (
    SELECT date_trunc('year', min(opened_on))::date                                                   AS first_day,
           date_trunc('year', greatest(max(closes_on), max(business_date) + interval '1 year'))::date AS last_year
    FROM catalogue.deployments, night
)
SELECT 'fact_sales' AS table_name, count(*) AS table_rows FROM published_contract
UNION ALL SELECT 'fact_usage_movements', count(*) FROM published_movement
UNION ALL SELECT 'fact_deployment_day', count(*) FROM published_deployment_day
UNION ALL SELECT 'fact_team_deployment', count(*) FROM published_team_deployment
UNION ALL SELECT 'fact_client_deployment', count(*) FROM published_client_deployment
UNION ALL SELECT 'dim_channel', 1 + count(*) FROM sales.channels
UNION ALL SELECT 'dim_client', 1 + count(*) FROM client
UNION ALL SELECT 'dim_date', 1 + ((last_year + interval '1 year')::date - first_day) FROM years
UNION ALL SELECT 'dim_deployment', 1 + count(*) FROM catalogue.deployments
UNION ALL SELECT 'dim_office', 1 + count(*) FROM people.offices
UNION ALL SELECT 'dim_product', 1 + count(*) FROM catalogue.products
UNION ALL SELECT 'dim_team_member', 1 + count(*) FROM team_member_version
