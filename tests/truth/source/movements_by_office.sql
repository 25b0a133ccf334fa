-- What was handed out and given back in each office, as it was then? NULL: no member, or one of no known office.
SELECT o.office_id, v.movement, count(*) AS movements, sum(v.instances) AS instances
FROM published_movement AS v
LEFT JOIN people.offices AS o ON o.office_id = pg_temp.office_on(v.team_member_id, v.movement_date)
GROUP BY o.office_id, v.movement
