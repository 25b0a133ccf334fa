-- Sales.
-- grain: one row per sale
-- source: shop
-- key: sale_id
-- may shrink: 10 %
-- types: sale_id bigint, shop_id bigint, customer_no text, sold_on date, price numeric(12,2), kind text

SELECT sale_id, shop_id, customer_no, sold_on, price, kind
FROM sales
