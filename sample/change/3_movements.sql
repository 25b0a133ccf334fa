-- Movements: nine in ten are new, and go on where the chains of the open deployments end; the others are corrected.

-- A number that was given once is never given again, even where its row is deleted.
CREATE TABLE plan.last_movement AS
SELECT max(movement_id) AS movement_id, max(usage_id) AS usage_id FROM usage.movements;

CREATE TABLE plan.changed_movements AS
SELECT movement_id, row_number() OVER (ORDER BY plan.u(35, movement_id), movement_id) AS place
FROM (SELECT movement_id FROM usage.movements
      WHERE moved_at BETWEEN plan.since() AND plan.now()
      ORDER BY plan.u(35, movement_id), movement_id LIMIT plan.share(120) / 9) AS drawn;

WITH done AS (
    DELETE FROM usage.movements AS m USING plan.changed_movements AS d
    WHERE d.movement_id = m.movement_id AND place <= plan.share(3)
    RETURNING 1
)
INSERT INTO plan.done SELECT 'usage.movements', 'deleted', count(*) FROM done;

-- One in five happened an hour later than was written: perhaps after the next one.
WITH done AS (
    UPDATE usage.movements AS m
    SET instances = coalesce(instances, 0) + 5,
        moved_at = CASE WHEN place % 5 = 0 THEN least(moved_at + interval '1 hour', plan.now()) ELSE moved_at END,
        updated_at = plan.written()
    FROM plan.changed_movements AS d WHERE d.movement_id = m.movement_id
    RETURNING 1
)
INSERT INTO plan.done SELECT 'usage.movements', 'updated', count(*) FROM done;


CREATE TABLE plan.chains AS
WITH ends AS (
    SELECT DISTINCT ON (usage_id, product_id, edition) *
    FROM usage.movements JOIN plan.open USING (product_id, edition)
    ORDER BY usage_id, product_id, edition, moved_at DESC NULLS LAST, movement_id DESC
)
SELECT usage_id, product_id, edition, team_member_id, movement_type, instances, moved_at
FROM ends
WHERE moved_at <= plan.now() AND team_member_id IN (SELECT team_member_id FROM people.team_members)
ORDER BY plan.u(30, usage_id), product_id, edition LIMIT plan.share(60);

CREATE TABLE plan.new_movements AS
WITH begun AS (   -- blocks that nobody has had
    SELECT (SELECT usage_id FROM plan.last_movement) + i AS usage_id, product_id, edition,
           5 * (1 + floor(10 * plan.u(31, i)))::integer AS instances
    FROM generate_series(1, plan.share(120) - (SELECT count(*) FROM plan.chains)) AS i
    JOIN plan.open AS o ON o.place = floor(plan.u(32, i) * (SELECT count(*) FROM plan.open))
)
SELECT usage_id, product_id, edition, CASE WHEN movement_type = 1 THEN team_member_id END AS holder,
       CASE WHEN movement_type = 1 THEN 2 ELSE 1 END AS movement_type, instances, moved_at AS after
FROM plan.chains
UNION ALL
SELECT usage_id, product_id, edition, NULL, 1, instances, '-infinity' FROM begun;

WITH numbered AS (
    SELECT *, row_number() OVER (ORDER BY usage_id, product_id, edition) AS n FROM plan.new_movements
),
done AS (
    INSERT INTO usage.movements
    SELECT (SELECT movement_id FROM plan.last_movement) + n, usage_id, product_id, edition,
           coalesce(holder, team_member_id), movement_type, instances,
           greatest(after, date_trunc('second', plan.now() - plan.u(34, n) * interval '20 hours')), plan.written()
    FROM numbered JOIN plan.staff ON place = n % (SELECT count(*) FROM plan.staff)
    RETURNING 1
)
INSERT INTO plan.done SELECT 'usage.movements', 'inserted', count(*) FROM done;
