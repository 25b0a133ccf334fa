-- The small tables: catalogue, people, channels. They are the same company at any size, only with more members.

INSERT INTO catalogue.products SELECT product_id, name, category, plan.known(plan.start()) FROM plan.products;

INSERT INTO catalogue.deployments
SELECT product_id, edition,
       CASE WHEN product_id = 4 AND edition = 2 THEN NULL
            ELSE trim(name) || ' ' || edition || CASE WHEN edition % 7 = 0 THEN ' ' ELSE '' END END,
       opened_on,
       CASE WHEN NOT never_closes THEN closes_on END,
       d.cents * 0.01,
       plan.known(opened_on - 7)
FROM plan.deployments AS d JOIN plan.products USING (product_id)
ORDER BY opened_on, product_id;

INSERT INTO sales.channels
SELECT *, plan.known(plan.start())
FROM (VALUES ('TEAM', 'Team member', false), ('WEB', 'Web', true), ('RETAIL', 'Retailer', false),
             ('PARTNER', 'Partner', false)) AS channels;


-- ----------------------------------------------------------------------------------------------------------- offices
-- The offices with high numbers have the fewest members. The region is that of the number's remainder by five.
INSERT INTO people.offices
SELECT o,
       CASE WHEN o = plan.odd_office(7) THEN ' ' || replace(city, ' ', '  ') || ' '
            WHEN o = plan.odd_office(8) THEN upper(city) WHEN o = plan.odd_office(10) THEN NULL
            WHEN o = 15 THEN city || ' "Puerto", 2º' ELSE city END,
       CASE WHEN o IN (plan.odd_office(5), plan.odd_office(17)) THEN NULL
            WHEN o = plan.odd_office(11) THEN lower(region) || ' ' WHEN o = plan.odd_office(12) THEN upper(region)
            ELSE region END,
       CASE WHEN o <> 13 THEN plan.start() - 4000 + o * 150 END,
       plan.known(plan.start())
FROM generate_series(1, 24) AS o,
     LATERAL (SELECT (ARRAY['Sevilla', 'Madrid', 'Lisboa', 'Palma', 'Bilbao', 'Málaga', 'Toledo', 'Porto',
                            'Las Palmas', 'Santander', 'Granada', 'Valladolid', 'Braga', 'Tenerife', 'A Coruña',
                            'Córdoba', 'Salamanca', 'Coimbra', 'Ibiza', 'Gijón', 'Cádiz', 'Zaragoza', 'Faro',
                            'Mahón'])[o] AS city,
                     (ARRAY['North', 'South', 'Centre', 'Portugal', 'Islands'])[1 + o % 5] AS region) AS named;


-- ------------------------------------------------------------------------------------------------------ team members
INSERT INTO people.team_members
WITH named AS (
    SELECT *,
           plan.pick(ARRAY['Ana', 'Luis', 'Marta', 'João', 'Iñaki', 'Núria', 'Pedro', 'Zoë', 'Inês', 'Tomás'],
                     plan.u(20, team_member_id)) AS given,
           plan.pick(ARRAY['García', 'López', 'Núñez', 'Ferreira', 'O''Neill', 'Etxeberria', 'da Silva', 'Muñoz'],
                     plan.u(21, team_member_id)) AS paternal,
           plan.pick(ARRAY['Pérez', 'Sánchez', 'Costa', 'Romero', 'Vidal', 'Ruiz'],
                     plan.u(22, team_member_id)) AS maternal
    FROM plan.members
)
SELECT team_member_id,
       CASE odd % 100 WHEN 4 THEN NULL WHEN 5 THEN '  ' || given || ' ' WHEN 6 THEN upper(given)
                                 WHEN 7 THEN 'NA' WHEN 8 THEN given || ' 🚀' WHEN 9 THEN '' ELSE given END,
       CASE odd % 100 WHEN 4 THEN NULL WHEN 10 THEN 'null' WHEN 11 THEN lower(paternal)
                                 WHEN 12 THEN 'None' WHEN 13 THEN paternal || E'\t' ELSE paternal END,
       CASE WHEN team_member_id % 5 > 0 THEN maternal END,
       CASE odd % 50 WHEN 14 THEN NULL WHEN 15 THEN ''
                                WHEN 16 THEN ' Member' || team_member_id || '@Example.com '
                                ELSE 'member' || team_member_id || '@example.com' END,
       CASE WHEN odd % 50 = 17 THEN NULL WHEN odd % 50 = 18 THEN 77
            ELSE office_id END,
       CASE WHEN odd % 60 <> 19 THEN joined_on END,
       left_on,
       plan.known(coalesce(left_on, joined_on) + 1)
FROM named ORDER BY team_member_id;

INSERT INTO people.office_changes
SELECT team_member_id, office_id, changed_at, plan.known(changed_at)
FROM (SELECT team_member_id, 1 + floor(24 * plan.u(25, team_member_id * 10 + n)) AS office_id,
             (plan.start() + floor(1390 * plan.u(26, team_member_id * 10 + n))::integer + time '09:00')
                 AT TIME ZONE 'Europe/Madrid' AS changed_at
      FROM plan.members, generate_series(0, 1) AS n
      WHERE plan.u(27, team_member_id * 10 + n) < 0.12) AS moves
ORDER BY 3, 1;
INSERT INTO people.office_changes
SELECT *, plan.known(changed_at) FROM (VALUES
    (2, 3, (plan.today() + 30)::timestamp AT TIME ZONE 'Europe/Madrid'),    -- announced, not yet true
    (3, 4, (plan.today() - 200)::timestamp AT TIME ZONE 'Europe/Madrid'),   -- two at the same time
    (3, 6, (plan.today() - 200)::timestamp AT TIME ZONE 'Europe/Madrid'),
    (5, 999, (plan.today() - 90)::timestamp AT TIME ZONE 'UTC'),            -- no such office
    (99999, 2, (plan.today() - 60)::timestamp AT TIME ZONE 'UTC')           -- no such member
) AS moves (team_member_id, office_id, changed_at);

INSERT INTO people.special_members
SELECT team_member_id,
       CASE WHEN team_member_id % 36 = 0 THEN ' Coordinator' WHEN team_member_id % 24 = 0 THEN 'OFFICE_LEAD'
            ELSE 'COORDINATOR' END,
       plan.known(joined_on + 1)
FROM plan.members WHERE team_member_id % 12 = 0 ORDER BY team_member_id;
INSERT INTO people.special_members
SELECT *, plan.known(plan.start())
FROM (VALUES (12, 'COORDINATOR'), (25, 'office_lead '), (26, 'Director'), (26, 'COORDINATOR'), (27, ''),
             (99999, 'COORDINATOR')) AS special;


-- -------------------------------------------------------------------------------------------------------- self usage
INSERT INTO usage.self_usage
SELECT CASE WHEN i % 40 = 7 THEN NULL ELSE team_member_id END, product_id, edition,
       opened_on + floor(days * plan.u(30, i))::integer,
       CASE WHEN i % 50 = 9 THEN NULL ELSE floor(10 * plan.u(31, i)) END,
       plan.known(opened_on + floor(days * plan.u(30, i))::integer + 1)
FROM plan.team JOIN plan.work USING (product_id, edition), generate_series(1, 2) AS n
WHERE plan.u(32, i * 2 + n) < 0.1
ORDER BY product_id, edition, i, n;
INSERT INTO usage.self_usage
SELECT *, plan.known(used_on + 1) FROM (VALUES
    (NULL, 1, 2, plan.today() - 900, 3), (NULL, 1, 2, plan.today() - 900, 3), (NULL, 1, 2, plan.today() - 900, 3),
    (4, 99, 999, plan.today() - 30, 1), (99999, 1, 3, plan.today() - 800, 2), (4, 1, 3, NULL, 2)
) AS used (team_member_id, product_id, edition, used_on, instances);


-- ----------------------------------------------------------------------------------------------------- web analytics
-- A day is reported the night after; some days are missing, some are reported again, the later report is right.
INSERT INTO web.daily_analytics
WITH measured AS (
    SELECT *, (product_id * 1000 + edition) * 10000::bigint + (day - plan.start()) AS i
    FROM plan.days WHERE day < plan.today()
),
visited AS (
    SELECT *, CASE WHEN plan.u(40, i) < 0.02 THEN 0
                   ELSE 5 + n * 6 + floor((n * 8 + 40) * plan.u(41, i))::integer END AS visits
    FROM measured WHERE plan.u(42, i) > 0.03
),
reported AS (
    SELECT *, visits - CASE WHEN again = 0 AND plan.u(43, i) < 0.05 THEN visits / 4 ELSE 0 END AS seen
    FROM visited, generate_series(0, 1) AS again
    WHERE again = 0 OR plan.u(43, i) < 0.05
)
SELECT product_id, edition, day,
       CASE WHEN plan.u(44, i) >= 0.01 THEN seen END,
       seen + floor(seen * plan.u(45, i) * 0.4),
       floor(seen * plan.u(46, i) * 0.1),
       least(seen, floor(n * (0.2 + 0.1 * plan.u(47, i)))),
       CASE WHEN again = 1 AND plan.u(48, i) < 0.02 THEN 'infinity'::timestamptz
            ELSE (day + 1 + 5 * again + time '03:10') AT TIME ZONE 'UTC' END,
       plan.known((day + 1 + 5 * again + time '03:10') AT TIME ZONE 'UTC')
FROM reported ORDER BY day + 1 + 5 * again, product_id, edition;
INSERT INTO web.daily_analytics
SELECT 99, 999, plan.today() - n, 10, 12, 1, 0, (plan.today() - n + 1 + time '03:10') AT TIME ZONE 'UTC',
       (plan.today() - n + 1 + time '03:10') AT TIME ZONE 'UTC'
FROM generate_series(10, 12) AS n;
DELETE FROM web.daily_analytics WHERE loaded_at > plan.now() AND loaded_at < 'infinity';
