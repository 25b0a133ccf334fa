SELECT d.product_id, d.edition, p.product_id AS id_of_product, d.deployment_name, d.unit_price,
       d.opened_on, d.closes_on, d.is_open, d.days_to_close
FROM dim_deployment AS d JOIN dim_product AS p ON p.product_key = d.product_key
WHERE d.deployment_key <> 0
