-- Clients: within a catalogue the newest registration counts; the digital catalogue adds those that the global lacks.
-- Of two registered at the same time, or at no known time, the first in the order of their texts counts.

CREATE TEMP TABLE client AS
WITH global_client AS (
    SELECT DISTINCT ON (client_id) client_id, given_name, paternal_name, maternal_name, email, country,
           registered_at
    FROM clients.global_clients
    WHERE client_id IS NOT NULL AND pg_temp.is_readable(registered_at)
    ORDER BY client_id, registered_at DESC NULLS LAST, email COLLATE "C", given_name COLLATE "C",
             paternal_name COLLATE "C", maternal_name COLLATE "C"
),
digital_client AS (
    SELECT DISTINCT ON (client_id) client_id, given_name, paternal_name, maternal_name, email, country,
           signed_up_at::timestamptz AS registered_at
    FROM clients.digital_clients
    WHERE client_id IS NOT NULL AND pg_temp.is_readable(signed_up_at::timestamptz)
    ORDER BY client_id, signed_up_at::timestamptz DESC NULLS LAST, email COLLATE "C", given_name COLLATE "C",
             paternal_name COLLATE "C", maternal_name COLLATE "C"
)
SELECT 'global' AS catalogue, g.* FROM global_client AS g
UNION ALL
SELECT 'digital', d.* FROM digital_client AS d
WHERE d.client_id NOT IN (SELECT client_id FROM global_client);

ANALYZE client;
