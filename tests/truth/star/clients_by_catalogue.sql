SELECT catalogue, COUNT(*) AS clients FROM dim_client WHERE client_key <> 0 GROUP BY catalogue
