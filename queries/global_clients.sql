-- The global catalogue of clients, which wins where the catalogues overlap.
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

    registered_at
FROM clients.global_clients
