-- The plan of the sample company: which editions there were, how many contracts came in on which day, who sold what.
-- generate.py has already made plan.contracts(), plan.seed(), plan.today() and plan.dirt(): 1 where each kind of dirt
-- that a person or a text may have is in plain sight, less where it is as rare as in a company that looks after its data.
-- The schema is dropped after the fill.

-- Every rare()-th row may be an odd one: about ten rows of each kind of dirt, however large the sample is.
CREATE FUNCTION plan.rare() RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN greatest(101, plan.contracts() / 20);

-- The office that has an oddity: one of many members where dirt is in plain sight, else one of the last, of few.
CREATE FUNCTION plan.odd_office(office integer) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN plan.dirt() = 1 THEN office ELSE 16 + office % 9 END;

CREATE FUNCTION plan.clients() RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN greatest(1, plan.contracts() / 8);

-- Which client buys, as a share of all: a few large ones, none of them more than some hundredths of the contracts.
CREATE FUNCTION plan.place_of_client(u float8) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN u * (u * u * u + 0.0016) / 1.0016;

-- Movements run in chains of 1 to 5, on average 2.25: one movement to two contracts.
CREATE FUNCTION plan.chains() RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN plan.contracts() * 2 / 9 + 1;

CREATE FUNCTION plan.start() RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN plan.today() - 1400;

-- Product 1 edition 23 and product 12 edition 3 both exist: keys glued from texts would meet.
-- growth: by how much a product sells more, or less, at the end of the company's time than at its start.
CREATE TABLE plan.products (product_id integer, name text, category text, days integer, size integer, cents integer,
                            growth float8);
INSERT INTO plan.products VALUES
    ( 1, 'Compute',             'Machines',  45, 30,  1990,  1.9),
    ( 2, 'Object Storage ',     'Storage',   60, 22,   799,  1.0),
    ( 3, 'Managed Databases',   'Data',      90, 16,  4925, -0.3),
    ( 4, 'GPU Burst',           'Machines', 120,  7, 12950,  3.0),
    (11, 'Edge Network',        'Network',  180, 10,  2575,  0.9),
    (12, ' Compliance Archive', 'Storage',  365,  2, 24999,  0.6);
UPDATE plan.products
SET name = CASE product_id WHEN 4 THEN 'GPU, "burst" class' ELSE name END,
    category = CASE product_id WHEN 11 THEN 'NETWORK' WHEN 4 THEN 'machines ' WHEN 12 THEN NULL ELSE category END
WHERE plan.dirt() = 1;


-- ---------------------------------------------------------------- deployments: walked backwards from the open edition
CREATE TABLE plan.deployments AS
WITH step AS (
    SELECT product_id, size, cents, growth, back,
           product_id * 1000 + back                                                            AS i,
           days - days / 10 + floor(plan.u(1, product_id * 1000 + back) * (days / 5))::integer AS length,
           CASE WHEN back > 0 THEN 1 + floor(plan.u(2, product_id * 1000 + back) * 4)::integer ELSE 0 END AS pause
    FROM plan.products, generate_series(0, 60) AS back
),
walked AS (   -- "opened" counts days from plan.start(); 20 to 70 % of the open edition's time is still to come
    SELECT *, 1400 + floor((0.2 + 0.5 * plan.u(3, product_id)) * first_value(length) OVER walk)
                   - sum(length + pause) OVER walk                                             AS opened
    FROM step WINDOW walk AS (PARTITION BY product_id ORDER BY back)
),
dated AS (
    SELECT *, plan.start() + opened::integer AS opened_on FROM walked WHERE opened >= 0
)
SELECT product_id,
       row_number() OVER (PARTITION BY product_id ORDER BY opened_on)::integer                 AS edition,
       opened_on,
       opened_on + length                                                                      AS closes_on,
       back = 0 AND product_id = 12                                                            AS never_closes,
       cents + cents * 3 / 100 * (20 - back) / 10 + floor(plan.u(4, i) * cents / 12)::integer  AS cents,
       size * (0.9 + 0.2 * plan.u(5, i)) * (1 + growth * opened / 1400)                        AS pull
FROM dated;


-- ------------------------------------------------------------------ days: how many contracts each edition had each day
CREATE TABLE plan.days AS
WITH calendar AS (
    SELECT product_id, edition, cents, pull, opened_on, closes_on, opened_on + n AS day,
           n / (closes_on - opened_on)::float8         AS passed,     -- of the edition's time, 0 to 1
           (opened_on + n - plan.start()) / 1400::float8 AS progress  -- of the company's time, 0 to 1
    FROM plan.deployments, generate_series(0, least(closes_on, plan.today()) - opened_on) AS n
),
weighed AS (
    SELECT *, floor(1000 * pull
               * (0.12 + 6 * passed * passed * passed * (1.15 - passed))                        -- the rush to the close
               * (ARRAY[1.0, 1.15, 1.1, 1.05, 1.2, 0.6, 0.4])[extract(isodow FROM day)]::float8
               * (ARRAY[0.8, 0.9, 1.05, 1.0, 1.1, 1.05, 0.85, 0.5, 1.05, 1.1, 1.3, 1.2])
                 [extract(month FROM day)]::float8
               * (0.7 + 0.6 * plan.u(6, (product_id * 1000 + edition) * 10000::bigint + (day - plan.start())))
               * CASE WHEN day = plan.today() THEN 0.1 ELSE 1 END)::bigint AS weight
    FROM calendar
),
summed AS (
    SELECT *, sum(weight) OVER ()::bigint AS total,
           sum(weight) OVER (ORDER BY day, product_id, edition)::bigint AS upto
    FROM weighed
),
counted AS (
    -- Rounding the running total, not the day, gives exactly the contracts that were asked for.
    SELECT *,
           (plan.contracts() * upto + total / 2) / total
               - (plan.contracts() * (upto - weight) + total / 2) / total                      AS n,
           (plan.contracts() * (upto - weight) + total / 2) / total                            AS before,
           day < min(day) FILTER (WHERE upto * 5 >= total) OVER ()                              AS is_legacy
    FROM summed
)
SELECT product_id, edition, day, opened_on, closes_on, cents, is_legacy, n,
       before - CASE WHEN is_legacy THEN 0
                     ELSE coalesce(sum(n) FILTER (WHERE is_legacy) OVER (), 0)::bigint END     AS before_no,
       greatest(1, plan.clients() * (0.3 + 0.7 * progress))                                    AS clients_so_far,
       -- Of the contracts 66 % came in through team members at first and 52 % at last, 18 and 36 % through the web.
       0.66 - 0.14 * progress                                                                  AS upto_team,
       0.84 + 0.04 * progress                                                                  AS upto_web,
       CASE WHEN day = plan.today() THEN 2 * 3600 ELSE 24 * 3600 END                           AS seconds
FROM counted;


-- ------------------------------------------------------------------------------- team: who took part in which edition
CREATE TABLE plan.members AS
SELECT m::integer AS team_member_id,
       1 + floor(24 * plan.u(23, m) * plan.u(24, m))::integer                  AS office_id,
       -- Every member with an oddity, or those of a hundred members alone: the others are called number 0.
       CASE WHEN plan.dirt() = 1 OR m <= 100 THEN m::integer ELSE 0 END        AS odd,
       CASE WHEN plan.u(10, m) < 0.4 THEN plan.start() - floor(plan.u(11, m) * 2500)::integer
            ELSE plan.start() + floor(plan.u(11, m) * 1350)::integer END        AS joined_on,
       CASE WHEN plan.u(12, m) < 0.15
            THEN plan.today() - floor(plan.u(13, m) * 900)::integer END         AS left_on
FROM generate_series(1, least(3000, 60 + floor(0.93 * sqrt(plan.contracts()))::integer)) AS m;

CREATE TABLE plan.team AS
WITH pair AS (
    SELECT product_id, edition, team_member_id,
           -- Who sells most: the offices of one region get better at it over the time, those of another fall behind.
           plan.u(18, team_member_id) + (ARRAY[-0.1, 0.0, 0.0, -0.4, 0.3])[1 + office_id % 5]::float8
                                        * (opened_on - plan.start()) / 1400                       AS slowness,
           (team_member_id * 100 + product_id) * 100::bigint + edition AS i
    FROM plan.deployments CROSS JOIN plan.members
    WHERE joined_on <= closes_on AND (left_on IS NULL OR left_on >= closes_on)
      AND plan.u(14, team_member_id * 100 + product_id) < 0.55
      AND NOT (team_member_id = 59 AND product_id = 1)   -- see 3_contracts.sql
      AND CASE WHEN team_member_id % 8 = 3   -- stays away for twelve editions, then starts anew
               THEN edition NOT BETWEEN 3 + team_member_id % 5 AND 14 + team_member_id % 5
               WHEN team_member_id % 8 IN (1, 5)   -- comes and goes
               THEN plan.u(15, (team_member_id * 100 + product_id) * 100::bigint + edition / 3) > 0.4
               ELSE plan.u(16, (team_member_id * 100 + product_id) * 100::bigint + edition) > 0.07 END
)
SELECT product_id, edition, team_member_id, i,
       plan.u(17, i) > 0.12                                                     AS sells,
       row_number() OVER (PARTITION BY product_id, edition
                          ORDER BY plan.u(17, i) <= 0.12, slowness, team_member_id) AS rank
FROM pair;

-- plan.chains() in proportion to the contracts of each edition; the rounded running total keeps the sum exact.
CREATE TABLE plan.work AS
WITH counted AS (
    SELECT product_id, edition, opened_on, cents,
           least(closes_on, plan.today()) - opened_on                                                        AS days,
           (SELECT sum(n)::bigint FROM plan.days AS a
             WHERE (a.product_id, a.edition) = (d.product_id, d.edition))                                   AS contracts
    FROM plan.deployments AS d
),
summed AS (
    SELECT *, sum(contracts) OVER (ORDER BY opened_on, product_id)::bigint AS upto,
              sum(contracts) OVER ()::bigint                               AS total
    FROM counted
)
SELECT product_id, edition, opened_on, days,
       plan.chains() * (upto - contracts) / total                                                    AS chains_before,
       plan.chains() * upto / total                                                                    AS chains_upto,
       (SELECT count(*) FROM plan.team AS t WHERE (t.product_id, t.edition) = (s.product_id, s.edition)) AS members
FROM summed AS s;

ALTER TABLE plan.days ADD sellers bigint;
UPDATE plan.days AS d SET sellers = t.sellers
FROM (SELECT product_id, edition, count(*) FILTER (WHERE sells) AS sellers FROM plan.team GROUP BY 1, 2) AS t
WHERE (t.product_id, t.edition) = (d.product_id, d.edition);

CREATE UNIQUE INDEX ON plan.team (product_id, edition, rank);
ANALYZE plan.days, plan.team, plan.work, plan.members, plan.deployments;
