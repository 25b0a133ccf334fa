-- Every client in every deployment.
SELECT client_id, product_id, edition,
       contracts, returned_contracts, instances, gross_revenue, net_revenue, retention
FROM published_client_deployment
