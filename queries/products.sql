-- Product lines, each sold in numbered editions.
-- grain: one row per product
-- source: cloud
-- key: product_id

SELECT
    product_id,

    name,
    category
FROM catalogue.products
