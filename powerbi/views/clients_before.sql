-- Clients with net sales in an edition, one row for the edition after it, if that has closed: whether they came back.
-- Its day is that on which the edition after closed: when it is known who came back.
-- like: fact_client_deployment
SELECT
    earlier.client_key,
    closed.date_key AS first_contract_date_key,
    next_one.deployment_key,
    came.client_key IS NOT NULL AS came_back
FROM fact_client_deployment AS earlier
JOIN dim_deployment AS before ON before.deployment_key = earlier.deployment_key
JOIN dim_deployment AS next_one ON next_one.product_id = before.product_id AND next_one.edition = before.edition + 1
LEFT JOIN dim_date AS closed ON closed.date = next_one.closes_on
LEFT JOIN fact_client_deployment AS came
    ON came.client_key = earlier.client_key AND came.deployment_key = next_one.deployment_key AND came.retention <> 'None'
WHERE earlier.retention <> 'None' AND NOT next_one.is_open
    AND next_one.opened_on <= (SELECT MAX(contract_date) FROM fact_sales)
