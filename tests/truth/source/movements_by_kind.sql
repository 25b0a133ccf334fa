-- How often was a block allocated, returned, reallocated, in each deployment? NULL: in one that is unknown.
SELECT movement, product_id, edition,
       count(*)                                       AS movements,
       count(*) FILTER (WHERE team_member_id IS NULL) AS of_nobody_known,
       sum(instances)                                 AS instances
FROM published_movement GROUP BY movement, product_id, edition
