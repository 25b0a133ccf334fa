-- Movements of instances: blocks of them (a usage id each) are allocated to a team member, and returned.
-- What a movement is depends on the one before it, however old: so the whole history, in its order.
-- grain: one row per movement
-- source: cloud
-- key: movement_id
-- group by: usage_id, product_id, edition
-- watermark: updated_at
-- sweep: nightly
-- may shrink: 1 %
-- newest: moved_at

SELECT
    movement_id,
    usage_id,
    product_id,
    edition,
    team_member_id,

    movement_type,
    instances,

    moved_at,
    updated_at
FROM usage.movements
WHERE (usage_id, product_id, edition) IN (
    SELECT usage_id, product_id, edition FROM usage.movements WHERE updated_at >= :since
)
ORDER BY usage_id, product_id, edition, moved_at, movement_id
