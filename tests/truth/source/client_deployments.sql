-- Every client in every deployment.
SELECT client_id, product_id, edition,
       contracts, returned_contracts, instances, gross_revenue, net_revenue, retention, first_days_before_close,
       first_contract_date, first_contract_date AS first_contract_day
FROM published_client_deployment
