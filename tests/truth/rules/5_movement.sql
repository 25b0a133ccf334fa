-- Movements of all history, each told from its direct predecessor within the usage id and the deployment.
--
-- A movement of an unknown type, or at no known time, is none; but it stands between its neighbours.
-- product_id and edition, and team_member_id, are NULL where they name nobody that is known.

CREATE TEMP TABLE movement AS
WITH in_order AS (
    SELECT *, lag(movement_type) OVER (PARTITION BY usage_id, product_id, edition
                                       ORDER BY moved_at NULLS LAST, movement_id) AS type_before
    FROM usage.movements
    WHERE pg_temp.is_readable(moved_at)
)
SELECT o.movement_id, o.usage_id, o.moved_at, o.moved_at::date AS movement_date, o.instances,
       d.product_id, d.edition, m.team_member_id,
       coalesce(d.is_published, true)                                                       AS is_published,
       CASE WHEN o.movement_type = 2 THEN 'RETURN'
            WHEN o.type_before = 2 THEN 'REALLOCATION' ELSE 'ALLOCATION' END                AS movement
FROM in_order AS o
LEFT JOIN deployment AS d ON (d.product_id, d.edition) = (o.product_id, o.edition)
LEFT JOIN people.team_members AS m ON m.team_member_id = o.team_member_id
WHERE o.movement_type IN (1, 2) AND o.moved_at IS NOT NULL;

ANALYZE movement;

CREATE TEMP VIEW published_movement AS SELECT * FROM movement WHERE is_published;
