-- Shops, each with the one that it belongs to.
-- grain: one row per shop
-- source: shop
-- key: shop_id
-- types: shop_id bigint, name text, parent_id bigint

SELECT shop_id, name, parent_id
FROM shops
