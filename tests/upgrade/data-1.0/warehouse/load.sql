COPY dim_customer FROM '/srv/shop/warehouse/dim_customer.csv' (FORMAT 'csv', allow_quoted_nulls false, force_not_null ('customer_key', 'country'), quote '"', delimiter ',', header 1);
COPY dim_date FROM '/srv/shop/warehouse/dim_date.csv' (FORMAT 'csv', allow_quoted_nulls false, force_not_null 'date_key', quote '"', delimiter ',', header 1);
COPY dim_shop FROM '/srv/shop/warehouse/dim_shop.csv' (FORMAT 'csv', allow_quoted_nulls false, force_not_null ('shop_key', 'parent_key'), quote '"', delimiter ',', header 1);
COPY etl_head FROM '/srv/shop/warehouse/etl_head.csv' (FORMAT 'csv', allow_quoted_nulls false, force_not_null ('run_id', 'origin'), quote '"', delimiter ',', header 1);
COPY etl_runs FROM '/srv/shop/warehouse/etl_runs.csv' (FORMAT 'csv', allow_quoted_nulls false, force_not_null ('run_id', 'table_name', 'star_run', 'as_of', 'published_at', 'row_count', 'rejected', 'receipt'), quote '"', delimiter ',', header 1);
COPY fact_sale FROM '/srv/shop/warehouse/fact_sale.csv' (FORMAT 'csv', allow_quoted_nulls false, force_not_null ('sale_id', 'shop_key', 'customer_key', 'date_key', 'sold_on', 'kind', 'price'), quote '"', delimiter ',', header 1);
COPY fact_shop FROM '/srv/shop/warehouse/fact_shop.csv' (FORMAT 'csv', allow_quoted_nulls false, force_not_null ('shop_key', 'sales', 'revenue'), quote '"', delimiter ',', header 1);
