-- What the sample does not hold, for the second company: each statement is one case that a rule is about.
SET TimeZone = 'Europe/Madrid';

-- A contract at infinity in any of its times is not read; a return date counts only where the status says returned.
UPDATE sales.contracts SET returned_at = 'infinity' WHERE contract_id % 1009 = 500;
UPDATE sales.contracts SET updated_at = '-infinity' WHERE contract_id % 1013 = 500;
UPDATE sales.contracts SET returned_at = contracted_at + interval '1 day'
WHERE contract_id % 97 = 50 AND status = 6 AND isfinite(contracted_at);

-- An order twice: the one never touched does not count, whatever it says; of two touched at once the smaller status.
INSERT INTO legacy.orders
SELECT order_no, customer_no, product_no, edition_no, seller_no, origin_letter, quantity + 1, price,
       CASE WHEN state = 6 THEN 3 ELSE 6 END, kind, order_date, NULL, NULL
FROM legacy.orders WHERE order_no % 83 = 40 AND touched_at IS NOT NULL;
INSERT INTO legacy.orders
SELECT order_no, customer_no, product_no, edition_no, seller_no, origin_letter, quantity + 1, price,
       CASE WHEN state = 6 THEN 3 ELSE 6 END, kind, order_date, NULL, touched_at
FROM legacy.orders WHERE order_no % 79 = 41 AND touched_at IS NOT NULL;

-- An office and a region whose names are hard to quote.
UPDATE people.offices SET name = E'L''Hospitalet \\ "Nord"', region = E'L''Alt \\ "Nord"' WHERE office_id = 14;

-- Moves on the days of sales, up to three a day, at midnight and where it is another day in Greenwich, to where one is;
-- at infinity, which is not read; and before the first day that a version can begin on.
INSERT INTO people.office_changes
SELECT team_member_id, 1 + (n + extract(doy FROM day)::integer) % 5,
       day + (ARRAY['00:00', '12:00', '23:30'])[n]::time
FROM (SELECT DISTINCT team_member_id, contracted_at::date AS day FROM sales.contracts
      WHERE team_member_id % 5 IN (1, 2) AND isfinite(contracted_at) AND contract_id % 7 = 3) AS sold,
     generate_series(1, 3) AS n
WHERE n <= 1 + team_member_id % 3;
INSERT INTO people.office_changes
SELECT team_member_id, 3, 'infinity'::timestamptz FROM people.team_members WHERE team_member_id % 50 = 7;
INSERT INTO people.office_changes
SELECT team_member_id, 4, '1890-01-01'::timestamptz FROM people.team_members WHERE team_member_id % 50 = 8;

-- A movement of an unknown type between two others.
UPDATE usage.movements SET movement_type = CASE WHEN movement_id % 2 = 0 THEN 3 END WHERE movement_id % 11 = 0;

-- Self usage on an unknown day, of which two reports are two.
INSERT INTO usage.self_usage
SELECT team_member_id, product_id, edition, NULL, 3
FROM usage.self_usage, generate_series(1, 2) WHERE edition > 5 AND used_on > '2025-01-01' AND team_member_id % 5 = 0;

-- Members and clients who come back after 10, 11 and 12 editions.
INSERT INTO people.team_members (team_member_id, given_name)
SELECT 90000 + gap, 'Back' FROM generate_series(10, 12) AS gap;
INSERT INTO clients.global_clients (client_id, given_name)
SELECT 90000 + gap, 'Back' FROM generate_series(10, 12) AS gap;
INSERT INTO sales.contracts
SELECT 900000 + 2 * gap + n, 90000 + gap, product_id, edition, 90000 + gap, 'TEAM', 1, 10, 6, 1,
       opened_on + time '12:00', NULL, opened_on + time '12:00'
FROM generate_series(10, 12) AS gap, generate_series(0, 1) AS n,
     (SELECT product_id, max(edition) AS newest FROM catalogue.deployments WHERE product_id = 1 GROUP BY 1) AS p
JOIN catalogue.deployments USING (product_id) WHERE edition = newest - n * gap;

-- Clients at infinity are not read, so the other registration counts, or the other catalogue.
UPDATE clients.global_clients SET registered_at = 'infinity' WHERE client_id % 43 = 1 AND registered_at > '2024-01-01';
UPDATE clients.digital_clients SET signed_up_at = '-infinity' WHERE client_id % 41 = 1;

-- A day of web analytics reported again at an unknown time: the other report counts.
INSERT INTO web.daily_analytics
SELECT product_id, edition, day, visits + 1, sessions, sign_ups, orders, NULL
FROM web.daily_analytics WHERE extract(day FROM day) = 15;

-- Deployments that close on the first day of the window, on the day before, on the present day; and on an unknown day
-- although a later edition is sold.
UPDATE catalogue.deployments AS d SET closes_on = CASE d.edition
    WHEN first_edition THEN (current_date - interval '3 years')::date - 1
    WHEN first_edition + 1 THEN (current_date - interval '3 years')::date
    WHEN last_edition - 1 THEN NULL
    ELSE current_date END
FROM (SELECT product_id, max(edition) AS last_edition,
             min(edition) FILTER (WHERE closes_on > current_date - interval '3 years') AS first_edition
      FROM catalogue.deployments WHERE product_id = 2 GROUP BY 1) AS p
WHERE p.product_id = d.product_id AND d.edition IN (first_edition, first_edition + 1, last_edition - 1, last_edition);

-- An edition that closes before the one before it, which has not come so far.
UPDATE catalogue.deployments AS d SET closes_on = current_date + CASE d.edition WHEN last_edition THEN 3 ELSE 60 END
FROM (SELECT product_id, max(edition) AS last_edition FROM catalogue.deployments WHERE product_id = 3 GROUP BY 1) AS p
WHERE p.product_id = d.product_id AND d.edition IN (last_edition - 1, last_edition);
