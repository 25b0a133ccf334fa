-- Contracts: new ones of the last day, and changed or deleted ones. They come last, and make up the rows asked for.

-- The outdated system still corrects an order now and then.
WITH drawn AS (
    SELECT DISTINCT order_no
    FROM (SELECT order_no FROM legacy.orders WHERE plan.since() = '-infinity'
          ORDER BY plan.u(40, order_no), order_no LIMIT plan.share(5)) AS o
),
done AS (
    UPDATE legacy.orders AS o
    SET state = CASE state WHEN 6 THEN 2 ELSE 6 END, touched_at = plan.now() AT TIME ZONE 'Europe/Madrid',
        updated_at = plan.written()
    FROM drawn WHERE drawn.order_no = o.order_no
    RETURNING 1
)
INSERT INTO plan.done SELECT 'legacy.orders', 'updated', count(*) FROM done;

-- Nine in ten have the newest 2 % of the keys, the new ones among them; the legacy orders are among the other tenth.
CREATE TABLE plan.counts AS
SELECT inserted, deleted, changed - (changed + legacy) / 10 + legacy AS newest,
       greatest(0, (changed + legacy) / 10 - legacy) AS older,
       (SELECT contract_id FROM sales.contracts ORDER BY contract_id DESC
        OFFSET plan.newest_contracts() - inserted LIMIT 1) AS last_older
FROM (SELECT plan.share(200) AS inserted, plan.share(20) AS deleted,
             plan.rows() - sum(rows)::bigint AS changed,
             sum(rows) FILTER (WHERE relation = 'legacy.orders')::bigint AS legacy
      FROM plan.done) AS c;

CREATE TABLE plan.changed_contracts AS
WITH pool AS NOT MATERIALIZED (
    SELECT contract_id, status, contracted_at, team_member_id, plan.u(41, contract_id) AS lot
    FROM sales.contracts WHERE contracted_at BETWEEN plan.since() AND plan.now()
),
drawn AS (
    (SELECT *, true AS newest FROM pool
     WHERE contract_id > (SELECT last_older FROM plan.counts)
     ORDER BY lot, contract_id LIMIT (SELECT newest - inserted FROM plan.counts))
    UNION ALL
    (SELECT *, false FROM pool
     WHERE contract_id <= (SELECT last_older FROM plan.counts)
     ORDER BY lot, contract_id LIMIT (SELECT older FROM plan.counts))
)
SELECT contract_id, how,
       row_number() OVER (PARTITION BY newest ORDER BY lot, contract_id)
           <= plan.parts((SELECT deleted FROM plan.counts), newest) AS deleted,
       CASE WHEN status IN (1, 2) THEN 'next status'
            WHEN status = 6 AND how < 0.1 THEN 'returned'
            WHEN how < 0.5 THEN 'price'
            WHEN how < 0.6 AND contracted_at < plan.now() THEN 'date'
            WHEN how < 0.8 AND team_member_id IS NOT NULL THEN 'team member'
            ELSE 'instances' END AS what
FROM (SELECT *, plan.u(42, contract_id) AS how FROM drawn) AS d;

WITH done AS (
    DELETE FROM sales.contracts AS c USING plan.changed_contracts AS d
    WHERE d.contract_id = c.contract_id AND d.deleted
    RETURNING 1
)
INSERT INTO plan.done SELECT 'sales.contracts', 'deleted', count(*) FROM done;

WITH done AS (
    UPDATE sales.contracts AS c
    SET status = CASE what WHEN 'next status' THEN CASE WHEN status = 1 THEN 2 WHEN how < 0.9 THEN 6 ELSE 3 END
                           WHEN 'returned' THEN 9 ELSE status END,
        returned_at = CASE what WHEN 'returned'
                           THEN greatest(contracted_at, plan.now() - how * interval '10 days') ELSE returned_at END,
        unit_price = CASE what WHEN 'price' THEN coalesce(unit_price, 20) + 0.01 * (1 + floor(1000 * how))
                          ELSE unit_price END,
        contracted_at = CASE what WHEN 'date' THEN least(contracted_at + interval '1 day', plan.now())
                             ELSE contracted_at END,
        team_member_id = CASE what WHEN 'team member' THEN coalesce(
            (SELECT min(m.team_member_id) FROM people.team_members AS m WHERE m.team_member_id > c.team_member_id),
            (SELECT min(m.team_member_id) FROM people.team_members AS m)) ELSE team_member_id END,
        instances = CASE what WHEN 'instances' THEN coalesce(instances, 0) + 1 ELSE instances END,
        updated_at = plan.written()
    FROM plan.changed_contracts AS d WHERE d.contract_id = c.contract_id
    RETURNING 1
)
INSERT INTO plan.done SELECT 'sales.contracts', 'updated', count(*) FROM done;

-- New ones are like the newest, of what is known and open; a quarter are of new clients, some of new members.
CREATE TABLE plan.models AS
SELECT client_id, team_member_id, channel_code, product_id, o.edition, o.unit_price,
       row_number() OVER (ORDER BY lot, contract_id) - 1 AS place
FROM (SELECT *, plan.u(43, contract_id) AS lot FROM sales.contracts
      WHERE contract_id > (SELECT last_older FROM plan.counts)) AS c
JOIN plan.open AS o USING (product_id)
WHERE client_id NOT IN (SELECT client_id FROM plan.unknown)
  AND (team_member_id IS NULL OR team_member_id IN (SELECT team_member_id FROM people.team_members))
  AND channel_code IN (SELECT channel_code FROM sales.channels);

WITH clients AS (
    SELECT client_id, row_number() OVER (ORDER BY client_id) - 1 AS place FROM plan.new_clients WHERE NOT late
),
members AS (
    SELECT team_member_id, row_number() OVER (ORDER BY team_member_id) - 1 AS place FROM plan.newcomers WHERE NOT late
),
done AS (
    INSERT INTO sales.contracts
    SELECT plan.last_contract() + i,
           coalesce(c.client_id, m.client_id), m.product_id, m.edition, coalesce(t.team_member_id, m.team_member_id),
           channel_code, 1 + floor(24 * plan.u(44, i) * plan.u(45, i) * plan.u(46, i)),
           CASE WHEN plan.u(47, i) < 0.8
                THEN round(m.unit_price * (100 - floor(25 * plan.u(48, i))::integer) / 100, 2) END,
           CASE WHEN plan.u(49, i) < 0.6 THEN 1 WHEN plan.u(49, i) < 0.9 THEN 2 ELSE 6 END,
           CASE WHEN plan.u(50, i) < 0.01 THEN 34 ELSE 1 END,
           date_trunc('second', plan.now() - plan.u(51, i) * interval '20 hours'), NULL, plan.written()
    FROM (SELECT i, plan.u(52, i) AS u FROM generate_series(1, (SELECT inserted FROM plan.counts)) AS i) AS n
    JOIN plan.models AS m ON m.place = i % (SELECT greatest(1, count(*)) FROM plan.models)
    LEFT JOIN clients AS c ON u < 0.25 AND c.place = i % (SELECT greatest(1, count(*)) FROM clients)
    LEFT JOIN members AS t ON u > 0.95 AND m.team_member_id IS NOT NULL
                          AND t.place = i % (SELECT greatest(1, count(*)) FROM members)
    RETURNING 1
)
INSERT INTO plan.done SELECT 'sales.contracts', 'inserted', count(*) FROM done;
