-- The digital catalogue of clients: it adds those that the global one lacks. Its times are business time.
-- A client may be registered again: the newest registration counts.
-- grain: one row per client
-- source: cloud
-- key: client_id
-- survivor: -registered_at, email, given_name

SELECT
    client_id,

    given_name,
    paternal_name,
    maternal_name,
    email,
    country,

    signed_up_at AT TIME ZONE :business_time_zone AS registered_at
FROM clients.digital_clients
