SELECT client_id, catalogue, client_name, email, registered_on
FROM dim_client WHERE client_key <> 0
