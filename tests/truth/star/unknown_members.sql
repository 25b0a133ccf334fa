SELECT 'dim_channel' AS table_name, COUNT(*) AS unknown_members
FROM dim_channel WHERE channel_key = 0 AND channel_code IS NULL
UNION ALL SELECT 'dim_client', COUNT(*) FROM dim_client WHERE client_key = 0 AND client_id IS NULL
UNION ALL SELECT 'dim_date', COUNT(*) FROM dim_date AS d WHERE date_key = 0 AND d.date IS NULL
UNION ALL SELECT 'dim_deployment', COUNT(*) FROM dim_deployment
          WHERE deployment_key = 0 AND product_id IS NULL AND edition IS NULL AND product_key = 0
UNION ALL SELECT 'dim_office', COUNT(*) FROM dim_office WHERE office_key = 0 AND office_id IS NULL
UNION ALL SELECT 'dim_product', COUNT(*) FROM dim_product WHERE product_key = 0 AND product_id IS NULL
UNION ALL SELECT 'dim_team_member', COUNT(*) FROM dim_team_member
          WHERE team_member_key = 0 AND team_member_id IS NULL AND office_key = 0
