-- Deployments: the editions of the products, with the dates between which each is sold and its unit price.
-- A closing date that is to come, or none, means that the edition is open.
-- grain: one row per product and edition
-- source: cloud
-- key: product_id, edition

SELECT
    product_id,
    edition,

    name,
    unit_price,

    opened_on,
    closes_on
FROM catalogue.deployments
