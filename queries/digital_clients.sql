-- The digital catalogue of clients: it adds those that the global one lacks. Its times are business time.
-- A client may be registered again: the newest registration counts. Where the global one has but registrations at no
-- time that a calendar knows, which are rejected, it lacks the client.
-- grain: one row per client
-- source: cloud
-- key: client_id
-- survivor: -registered_at, email, given_name

SELECT
    d.client_id,

    d.given_name,
    d.paternal_name,
    d.maternal_name,
    d.email,
    d.country,

    d.signed_up_at AT TIME ZONE :business_time_zone AS registered_at,

    g.client_id IS NOT NULL AS is_global
FROM clients.digital_clients AS d
LEFT JOIN (
    SELECT DISTINCT client_id
    FROM clients.global_clients
    WHERE registered_at IS NULL OR registered_at >= '0001-01-01' AND registered_at < '10000-01-01'
) AS g ON g.client_id = d.client_id
