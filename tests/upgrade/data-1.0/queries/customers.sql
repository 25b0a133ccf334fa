-- Customers; one who registered again is there twice.
-- grain: one row per customer
-- source: shop
-- key: customer_no
-- survivor: -registered_at
-- pii: mail
-- types: customer_no text, country text, mail text, registered_at timestamp

SELECT customer_no, country, mail, registered_at
FROM customers
