-- Deployments as the facts see them: is_published says whether the window of three years by closing date holds them.

CREATE TEMP TABLE deployment AS
SELECT product_id, edition, unit_price, opened_on, closes_on,
       closes_on IS NULL OR closes_on >= window_start            AS is_published
FROM catalogue.deployments, night;

ANALYZE deployment;
