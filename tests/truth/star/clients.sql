SELECT client_id, catalogue, client_name, email, country, registered_on
FROM dim_client WHERE client_key <> 0
