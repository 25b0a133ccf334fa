-- What a night changes in the small tables: an office's region, moves, members who were late, a price, reports.
-- changes.py has already made plan.rows(): how many rows change in all, plan.since(): when the time begins that is
-- changed, plan.newest_contracts(): how many are 2 %, plan.last_contract(), plan.seed() and plan.today(). The schema is
-- dropped at the end.
--
-- What is drawn depends on keys and values, never on where a row lies or when it was written: the same seed changes the
-- same company in the same way. Only updated_at is the source's own time.

CREATE FUNCTION plan.share(per_mille integer) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN plan.rows() * per_mille / 1000;

-- Of what there is little of in any night.
CREATE FUNCTION plan.few() RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN plan.rows() < 100 THEN 0 ELSE 1 + plan.rows() / 5000 END;

-- Not before the last day of a company that ends in the future: no change is older than what was filled.
CREATE FUNCTION plan.written() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
RETURN greatest(now(), plan.now());

CREATE TABLE plan.done (relation text, kind text, rows bigint);

CREATE TABLE plan.open AS
SELECT product_id, edition, unit_price, row_number() OVER (ORDER BY product_id) - 1 AS place
FROM (SELECT DISTINCT ON (product_id) * FROM catalogue.deployments
      WHERE opened_on < plan.today() ORDER BY product_id, edition DESC) AS newest
WHERE closes_on IS NULL OR closes_on >= plan.today();


-- ----------------------------------------------------------------------------------------------------- catalogue
-- The price of one deployment is corrected: it is that of all its contracts that have none of their own.
WITH done AS (
    UPDATE catalogue.deployments
    SET unit_price = unit_price + 0.01 * (1 + floor(500 * plan.u(1, edition))), updated_at = plan.written()
    WHERE (product_id, edition) IN (
        SELECT product_id, edition FROM catalogue.deployments WHERE opened_on >= plan.since()
        ORDER BY plan.u(2, product_id * 1000 + edition) LIMIT least(1, plan.few()))
    RETURNING 1
)
INSERT INTO plan.done SELECT 'catalogue.deployments', 'updated', count(*) FROM done;


-- -------------------------------------------------------------------------------------------------------- people
WITH done AS (
    UPDATE people.offices
    SET region = CASE region WHEN 'North' THEN 'South' ELSE 'North' END, updated_at = plan.written()
    WHERE office_id IN (SELECT office_id FROM people.offices ORDER BY plan.u(3, office_id) LIMIT least(1, plan.few()))
    RETURNING 1
)
INSERT INTO plan.done SELECT 'people.offices', 'updated', count(*) FROM done;

-- Late members: those of whom the company has spoken long since, where all of its time is changed, and new ones, who
-- joined weeks ago.
CREATE TABLE plan.newcomers AS
WITH spoken_of AS (
    SELECT team_member_id FROM people.office_changes
    UNION SELECT team_member_id FROM people.special_members
    UNION SELECT team_member_id FROM usage.self_usage
),
late AS (
    SELECT team_member_id FROM spoken_of
    WHERE team_member_id NOT IN (SELECT team_member_id FROM people.team_members) AND plan.since() = '-infinity'
    ORDER BY 1 LIMIT plan.few()
)
SELECT team_member_id, true AS late FROM late
UNION ALL
SELECT last + n, false
FROM (SELECT max(team_member_id) AS last
      FROM (SELECT team_member_id FROM spoken_of
            UNION ALL SELECT team_member_id FROM people.team_members) AS named) AS known,
     generate_series(1, plan.few()::integer) AS n;

WITH model AS (
    SELECT *, row_number() OVER (ORDER BY plan.u(4, team_member_id)) AS place FROM people.team_members
    WHERE office_id IN (SELECT office_id FROM people.offices)
),
done AS (
    INSERT INTO people.team_members
    SELECT w.team_member_id, given_name, paternal_name, maternal_name, 'member' || w.team_member_id || '@example.com',
           office_id, plan.today() - 3 - floor(60 * plan.u(5, w.team_member_id))::integer, NULL, plan.written()
    FROM (SELECT *, row_number() OVER (ORDER BY team_member_id) AS place FROM plan.newcomers) AS w
    JOIN model USING (place)
    RETURNING 1
)
INSERT INTO plan.done SELECT 'people.team_members', 'inserted', count(*) FROM done;

-- Moved offices: members who have moved within the last three days; and planned moves that will not be.
WITH done AS (
    INSERT INTO people.office_changes
    SELECT team_member_id,
           (SELECT office_id FROM people.offices ORDER BY plan.u(6, office_id + team_member_id) LIMIT 1),
           date_trunc('second', plan.now() - plan.u(7, team_member_id) * interval '3 days'), plan.written()
    FROM (SELECT team_member_id FROM people.team_members ORDER BY plan.u(8, team_member_id) LIMIT plan.few()) AS movers
    RETURNING 1
)
INSERT INTO plan.done SELECT 'people.office_changes', 'inserted', count(*) FROM done;

WITH done AS (
    DELETE FROM people.office_changes
    WHERE (team_member_id, changed_at) IN (
        SELECT team_member_id, changed_at FROM people.office_changes WHERE changed_at > plan.now()
        ORDER BY plan.u(9, team_member_id), changed_at LIMIT plan.few())
    RETURNING 1
)
INSERT INTO plan.done SELECT 'people.office_changes', 'deleted', count(*) FROM done;


-- --------------------------------------------------------------------------------------------------- self usage
CREATE TABLE plan.staff AS
SELECT team_member_id, row_number() OVER (ORDER BY plan.u(10, team_member_id)) - 1 AS place FROM people.team_members;

WITH done AS (
    INSERT INTO usage.self_usage
    SELECT team_member_id, product_id, edition, plan.today() - 1 - floor(3 * plan.u(11, i))::integer,
           1 + floor(9 * plan.u(12, i)), plan.written()
    FROM generate_series(1, plan.share(5)) AS i
    JOIN plan.staff AS s ON s.place = i % (SELECT count(*) FROM plan.staff)
    JOIN plan.open AS o ON o.place = floor(plan.u(13, i) * (SELECT count(*) FROM plan.open))
    RETURNING 1
)
INSERT INTO plan.done SELECT 'usage.self_usage', 'inserted', count(*) FROM done;

-- What is withdrawn is all reports of a day: none of them stands in for another.
WITH done AS (
    DELETE FROM usage.self_usage WHERE (team_member_id, product_id, edition, used_on) IN (
        SELECT team_member_id, product_id, edition, used_on FROM usage.self_usage
        WHERE used_on BETWEEN plan.since() AND plan.now() AND team_member_id > 0
        ORDER BY plan.u(14, hashtextextended((team_member_id, product_id, edition, used_on)::text, 0))
        LIMIT plan.share(1))
    RETURNING 1
)
INSERT INTO plan.done SELECT 'usage.self_usage', 'deleted', count(*) FROM done;


-- ------------------------------------------------------------------------------------------------ web analytics
-- Yesterday is reported, and the days before it are corrected.
WITH done AS (
    INSERT INTO web.daily_analytics
    SELECT product_id, edition, plan.today() - 1, visits, visits * 6 / 5, visits / 20, visits / 9, plan.now(),
           plan.written()
    FROM (SELECT *, 40 + floor(200 * plan.u(15, product_id))::integer AS visits FROM plan.open) AS o
    WHERE plan.rows() >= 1000 AND NOT EXISTS (
        SELECT FROM web.daily_analytics AS a
        WHERE (a.product_id, a.edition, a.day) = (o.product_id, o.edition, plan.today() - 1))
    RETURNING 1
)
INSERT INTO plan.done SELECT 'web.daily_analytics', 'inserted', count(*) FROM done;

WITH done AS (
    UPDATE web.daily_analytics
    SET visits = coalesce(visits, 0) + 1 + floor(20 * plan.u(16, product_id)), updated_at = plan.written()
    WHERE plan.rows() >= 1000 AND day BETWEEN plan.today() - 4 AND plan.today() - 2
    RETURNING 1
)
INSERT INTO plan.done SELECT 'web.daily_analytics', 'updated', count(*) FROM done;
