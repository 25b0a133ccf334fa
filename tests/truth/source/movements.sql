-- Every movement, with whatever it refers to.
SELECT movement_id, usage_id, moved_at, movement_date, movement_date AS calendar_date,
       team_member_id, product_id, edition, movement, instances
FROM published_movement
