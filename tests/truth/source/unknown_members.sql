-- Does each dimension have exactly one unknown member, whose key is 0?
SELECT table_name, 1 AS unknown_members
FROM unnest(ARRAY['dim_channel', 'dim_client', 'dim_date', 'dim_deployment', 'dim_office', 'dim_product',
                  'dim_team_member']) AS table_name
