SELECT 'fact_sales' AS table_name, COUNT(*) AS table_rows FROM fact_sales
UNION ALL SELECT 'fact_usage_movements', COUNT(*) FROM fact_usage_movements
UNION ALL SELECT 'fact_deployment_day', COUNT(*) FROM fact_deployment_day
UNION ALL SELECT 'fact_team_deployment', COUNT(*) FROM fact_team_deployment
UNION ALL SELECT 'fact_client_deployment', COUNT(*) FROM fact_client_deployment
UNION ALL SELECT 'dim_channel', COUNT(*) FROM dim_channel
UNION ALL SELECT 'dim_client', COUNT(*) FROM dim_client
UNION ALL SELECT 'dim_date', COUNT(*) FROM dim_date
UNION ALL SELECT 'dim_deployment', COUNT(*) FROM dim_deployment
UNION ALL SELECT 'dim_office', COUNT(*) FROM dim_office
UNION ALL SELECT 'dim_product', COUNT(*) FROM dim_product
UNION ALL SELECT 'dim_team_member', COUNT(*) FROM dim_team_member
