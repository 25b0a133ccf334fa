-- Clients who may come back to an open edition, one row each: whether they have bought it so far. And beside them, as
-- the open edition's, the clients of the edition before that one: whether they had bought by the same day before close.
-- The day is that on which the open edition closes.
-- like: fact_client_deployment
SELECT
    earlier.client_key,
    closing.date_key AS first_contract_date_key,
    open_one.deployment_key,
    COALESCE(came.first_days_before_close >= open_one.days_to_close, FALSE) AS came_back,
    next_one.edition = open_one.edition AS is_of_open_edition
FROM dim_deployment AS open_one
JOIN dim_deployment AS next_one
    ON next_one.product_id = open_one.product_id AND next_one.edition IN (open_one.edition, open_one.edition - 1)
JOIN dim_deployment AS before ON before.product_id = next_one.product_id AND before.edition = next_one.edition - 1
JOIN fact_client_deployment AS earlier ON earlier.deployment_key = before.deployment_key
LEFT JOIN dim_date AS closing ON closing.date = open_one.closes_on
LEFT JOIN fact_client_deployment AS came
    ON came.client_key = earlier.client_key AND came.deployment_key = next_one.deployment_key AND came.retention <> 'None'
WHERE earlier.retention <> 'None' AND open_one.days_to_close IS NOT NULL
