SELECT office_id, office_name, region, opened_on FROM dim_office WHERE office_key <> 0
