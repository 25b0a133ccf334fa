-- The global catalogue of clients, which wins where the catalogues overlap.
-- A client may be registered again: the newest registration counts.
-- grain: one row per client
-- source: cloud
-- key: client_id
-- survivor: -registered_at, email, given_name
-- watermark: updated_at
-- sweep: nightly

SELECT
    client_id,

    given_name,
    paternal_name,
    maternal_name,
    email,
    country,

    registered_at,
    updated_at
FROM clients.global_clients
