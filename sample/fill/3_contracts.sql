-- The contracts of the new system: each day of the plan has its numbers. Filled without a key, which comes after.
--
-- "odd" is a number below plan.rare(): each small value stands for one kind of dirt, so that every kind occurs about
-- ten times. OFFSET 0 keeps a band from being merged into the next, which would compute each random
-- number many times over.

ALTER TABLE sales.contracts DROP CONSTRAINT contracts_pkey;
TRUNCATE sales.contracts;   -- a table that is new in its transaction needs no write-ahead log

INSERT INTO sales.contracts
WITH numbered AS (
    SELECT contract_id, contract_id % plan.rare() AS odd, d.*,
           plan.u(50, contract_id) AS u_channel,
           plan.u(51, contract_id) AS u_client,
           plan.u(52, contract_id) AS u_seller,
           plan.u(53, contract_id) AS u_instances,
           plan.u(54, contract_id) AS u_status,
           plan.u(55, contract_id) AS u_price,
           plan.u(56, contract_id) AS u_spelling,
           plan.u(57, contract_id) AS u_time
    FROM plan.days AS d, generate_series(before_no + 1, before_no + n) AS contract_id
    WHERE NOT is_legacy
    OFFSET 0
),
dated AS (
    SELECT *,
           CASE WHEN u_channel < upto_team THEN 'TEAM' WHEN u_channel < upto_web THEN 'WEB'
                WHEN u_channel < 0.95 THEN 'RETAIL' ELSE 'PARTNER' END AS channel,
           CASE WHEN odd IN (1, 2) AND closes_on + 4 < plan.today()    -- after the close
                THEN (closes_on + 1 + odd::integer + time '11:30') AT TIME ZONE 'Europe/Madrid'
                WHEN odd BETWEEN 3 AND 5 AND day < plan.today()         -- around midnight
                THEN (day + time '23:59:59.999999' - (odd - 3) * interval '23 hours 59 minutes 30 seconds')
                     AT TIME ZONE 'Europe/Madrid'
                ELSE (day + floor(CASE WHEN u_channel < upto_team AND seconds = 86400 THEN 32400 + u_time * 43200
                                       ELSE u_time * seconds END) * interval '1 second')
                     AT TIME ZONE 'Europe/Madrid' END
           AS signed_at
    FROM numbered CROSS JOIN (SELECT plan.dirt() AS dirt) AS how
    OFFSET 0
),
ended AS (
    SELECT *,
           CASE WHEN odd = 1 THEN signed_at + interval '5 hours'
                WHEN u_status < 0.04 THEN signed_at + (0.2 + 750 * u_status) * interval '1 day' END AS returned,
           signed_at + u_price * interval '3 days'                                                 AS settled
    FROM dated
    OFFSET 0
)
SELECT contract_id,
       CASE WHEN odd IN (6, 7) THEN NULL WHEN odd = 8 THEN plan.clients() + 1000 + contract_id   -- in neither catalogue
            ELSE 1 + floor(clients_so_far * plan.place_of_client(u_client)) END,
       CASE WHEN odd = 9 THEN 99 WHEN odd = 10 THEN NULL ELSE e.product_id END,
       CASE WHEN odd IN (9, 11) THEN 999 ELSE e.edition END,
       CASE WHEN odd = 12 THEN 99999 WHEN odd <> 13 THEN t.team_member_id END,
       CASE WHEN odd = 14 THEN 'FAX' WHEN odd = 15 THEN NULL WHEN odd = 16 THEN '' WHEN odd = 17 THEN ' web'
            WHEN odd = 18 THEN 'Web' WHEN odd = 19 THEN 'WEB ' WHEN odd = 20 THEN 'Retail'
            WHEN u_spelling > 0.03 * dirt THEN channel WHEN u_spelling > 0.02 * dirt THEN ' ' || lower(channel)
            WHEN u_spelling > 0.01 * dirt THEN channel || ' ' ELSE initcap(channel) END,
       CASE WHEN odd = 21 THEN NULL WHEN odd = 22 THEN 0 WHEN odd = 23 THEN -2 WHEN odd = 24 THEN CASE WHEN dirt = 1 THEN 5000 ELSE 60 END
            ELSE 1 + floor(u_instances * u_instances * u_instances * 24) END,
       CASE WHEN odd = 25 THEN 0 WHEN odd = 38 OR u_price > 0.995 THEN NULL
            ELSE (cents * (100 - floor(u_price * u_price * 25)::integer) / 100) * 0.01 END,
       CASE WHEN odd = 26 THEN NULL WHEN odd = 27 THEN 9 WHEN odd = 28 THEN 7
            WHEN returned <= plan.now() THEN 9 WHEN u_status < 0.70 THEN 6 WHEN u_status < 0.95 THEN 2
            WHEN u_status < 0.98 THEN 1 ELSE 3 END,
       CASE WHEN odd IN (29, 30) OR u_channel BETWEEN 0.30 AND 0.309 THEN 34 WHEN odd = 31 THEN NULL
            WHEN u_channel BETWEEN 0.40 AND 0.402 THEN NULL WHEN u_time < 0.1 THEN 2 ELSE 1 END,
       CASE WHEN odd = 32 THEN 'infinity' WHEN odd = 33 THEN NULL WHEN contract_id = 34 THEN '15000-01-01 00:00+00'
            ELSE signed_at END,
       CASE WHEN odd <> 27 AND returned <= plan.now() THEN returned END,
       CASE WHEN odd IN (35, 36) THEN plan.now() - odd * interval '7 minutes'    -- late: changed long afterwards
            WHEN returned <= plan.now() THEN returned ELSE plan.known(settled) END
FROM ended AS e
LEFT JOIN plan.team AS t
       ON t.product_id = e.product_id AND t.edition = e.edition
      AND t.rank = CASE WHEN u_channel < upto_team - 0.005 OR u_channel > 0.94 AND u_spelling < 0.5
                        THEN 1 + floor(sellers * u_seller * u_seller)::bigint END;

ALTER TABLE sales.contracts ADD PRIMARY KEY (contract_id);
CREATE INDEX contracts_by_change ON sales.contracts (updated_at);


-- The hour that comes twice in October, and the one that is left out in March: the contracts next to those nights.
WITH change AS (
    SELECT moment FROM generate_series(plan.start()::timestamptz, plan.now(), '1 hour') AS moment
    WHERE moment AT TIME ZONE 'Europe/Madrid' - (moment - interval '1 hour') AT TIME ZONE 'Europe/Madrid'
          <> interval '1 hour'
),
nearest AS (
    SELECT moment, before_no + 1 AS contract_id,
           row_number() OVER (PARTITION BY moment ORDER BY abs(day - moment::date), product_id, day) AS place
    FROM change JOIN plan.days ON moment::date BETWEEN opened_on AND closes_on
    WHERE n > 0 AND NOT is_legacy AND before_no % plan.rare() > 40   -- not one that is odd already
)
UPDATE sales.contracts AS c
SET contracted_at = moment + CASE place WHEN 1 THEN interval '-30 minutes' ELSE interval '30 minutes' END
FROM nearest WHERE nearest.contract_id = c.contract_id AND place <= 2;


-- Member 59, who has no other sale of product 1, sells its first new contract and its last: New, and New again after
-- more than ten editions, also in a small sample.
UPDATE sales.contracts SET team_member_id = 59, channel_code = 'TEAM'
WHERE contract_id IN (
    (SELECT contract_id FROM sales.contracts
     WHERE product_id = 1 AND edition < 999 AND status IN (2, 6) AND order_kind <> 34 ORDER BY contract_id LIMIT 1),
    (SELECT contract_id FROM sales.contracts
     WHERE product_id = 1 AND edition < 999 AND status IN (2, 6) AND order_kind <> 34 ORDER BY contract_id DESC LIMIT 1));


-- One contract of the open edition of product 4 weighs a quarter of all others together, as some contract of a company
-- always does: what looks like a good edition may be one good contract.
UPDATE sales.contracts SET instances = (
    SELECT greatest(1, floor(sum(instances) / 4)) FROM sales.contracts AS c
    WHERE c.product_id = 4 AND c.edition = d.edition AND c.status IN (2, 6))
FROM (SELECT max(edition) AS edition FROM plan.deployments WHERE product_id = 4) AS d
WHERE contract_id = (
    SELECT contract_id FROM sales.contracts AS c
    WHERE c.product_id = 4 AND c.edition = d.edition AND status IN (2, 6) AND order_kind = 1 AND client_id > 0
      AND contracted_at < plan.now() - interval '5 days' ORDER BY contract_id DESC LIMIT 1);
