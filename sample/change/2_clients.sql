-- New clients, clients whom contracts name long since, new addresses, and double registrations that are merged.

-- Names are those of other clients; where there are several registrations, their order must not matter.
CREATE TABLE plan.names AS
SELECT row_number() OVER (ORDER BY lot, client_id, given_name, email) - 1 AS n,
       given_name, paternal_name, maternal_name, country
FROM (SELECT *, plan.u(20, client_id) AS lot FROM clients.global_clients
      ORDER BY lot, client_id, given_name, email LIMIT 1000) AS drawn;

-- Of whom the newest contracts are, though neither catalogue knows them.
CREATE TABLE plan.unknown AS
SELECT client_id
FROM (SELECT DISTINCT client_id
      FROM (SELECT client_id FROM sales.contracts ORDER BY contract_id DESC LIMIT plan.newest_contracts()) AS c
      WHERE client_id IS NOT NULL) AS n
WHERE NOT EXISTS (SELECT FROM clients.global_clients AS g WHERE g.client_id = n.client_id)
  AND NOT EXISTS (SELECT FROM clients.digital_clients AS d WHERE d.client_id = n.client_id);

-- Late clients are some of them; where the newest months alone change, such as have no older contract.
CREATE TABLE plan.new_clients AS
WITH late AS (
    SELECT client_id FROM plan.unknown
    WHERE plan.since() = '-infinity'
       OR client_id NOT IN (SELECT c.client_id FROM sales.contracts AS c JOIN plan.unknown USING (client_id)
                            WHERE c.contracted_at >= plan.since() IS NOT TRUE
                            UNION ALL
                            SELECT customer_no FROM legacy.orders JOIN plan.unknown ON customer_no = client_id)
    ORDER BY plan.u(21, client_id) LIMIT plan.few()
)
SELECT client_id, false AS digital, true AS late FROM late
UNION ALL
SELECT last + n, plan.u(22, n) < 0.3, false
FROM (SELECT greatest((SELECT max(client_id) FROM clients.global_clients),
                      (SELECT max(client_id) FROM clients.digital_clients),
                      (SELECT max(client_id) FROM sales.contracts),
                      (SELECT max(customer_no) FROM legacy.orders)) AS last) AS known,
     generate_series(1, plan.share(50)) AS n;

-- Of the changed ones nine in ten have the newest keys, as has everything that changes.
CREATE FUNCTION plan.parts(wanted bigint, newest boolean) RETURNS bigint LANGUAGE sql IMMUTABLE
RETURN CASE WHEN newest THEN wanted - wanted / 10 ELSE wanted / 10 END;

CREATE TABLE plan.changed_clients AS
WITH known AS MATERIALIZED (
    SELECT client_id, false AS digital, registered_at AS since, plan.u(23, client_id) AS lot FROM clients.global_clients
    UNION ALL
    SELECT client_id, true, signed_up_at AT TIME ZONE 'Europe/Madrid', plan.u(24, client_id)
    FROM clients.digital_clients
),
newest AS (
    SELECT false AS digital, (SELECT client_id FROM clients.global_clients ORDER BY client_id DESC LIMIT 1
                              OFFSET (SELECT count(*) / 50 FROM clients.global_clients)) AS last_older
    UNION ALL
    SELECT true, (SELECT client_id FROM clients.digital_clients ORDER BY client_id DESC LIMIT 1
                  OFFSET (SELECT count(*) / 50 FROM clients.digital_clients))
),
wanted AS (
    SELECT digital, newest, last_older, plan.parts(plan.share(CASE WHEN digital THEN 10 ELSE 20 END), newest) AS wanted
    FROM newest CROSS JOIN (VALUES (true), (false)) AS parts (newest)
)
SELECT DISTINCT client_id, digital
FROM wanted AS w CROSS JOIN LATERAL (
    SELECT client_id FROM known AS k
    WHERE k.digital = w.digital AND (client_id > last_older) = newest AND since BETWEEN plan.since() AND plan.now()
    ORDER BY lot, client_id LIMIT wanted) AS drawn;

WITH done AS (
    UPDATE clients.global_clients AS c
    SET email = CASE WHEN c.client_id % 2 = 0 THEN email ELSE concat('new.', email) END,
        country = CASE WHEN c.client_id % 2 = 1 THEN country WHEN country = 'PT' THEN 'ES' ELSE 'PT' END,
        updated_at = plan.written()
    FROM plan.changed_clients AS d WHERE d.client_id = c.client_id AND NOT d.digital
    RETURNING 1
)
INSERT INTO plan.done SELECT 'clients.global_clients', 'updated', count(*) FROM done;

WITH done AS (
    UPDATE clients.digital_clients AS c SET email = concat('new.', email), updated_at = plan.written()
    FROM plan.changed_clients AS d WHERE d.client_id = c.client_id AND d.digital
    RETURNING 1
)
INSERT INTO plan.done SELECT 'clients.digital_clients', 'updated', count(*) FROM done;

-- Merged: of a client's registrations the newest remains, so none is lost, and it is the one that counted before.
WITH twice AS (
    SELECT client_id FROM clients.global_clients WHERE registered_at <= plan.now()
    GROUP BY client_id HAVING count(*) > 1
),
again AS (
    SELECT c.ctid, client_id, registered_at,
           row_number() OVER (PARTITION BY client_id ORDER BY registered_at DESC, email, given_name) AS place
    FROM clients.global_clients AS c JOIN twice USING (client_id) WHERE registered_at <= plan.now()
),
merged AS (
    SELECT ctid FROM again WHERE place > 1 AND registered_at >= plan.since()
    ORDER BY plan.u(26, client_id), place LIMIT plan.share(2)
),
done AS (
    DELETE FROM clients.global_clients WHERE ctid IN (SELECT ctid FROM merged) RETURNING 1
)
INSERT INTO plan.done SELECT 'clients.global_clients', 'deleted', count(*) FROM done;

CREATE TABLE plan.registrations AS
SELECT client_id, digital, given_name, paternal_name, maternal_name, 'client' || client_id || '@example.com' AS email,
       country, date_trunc('second', plan.now() - plan.u(25, client_id) * interval '20 hours') AS registered_at
FROM (SELECT *, row_number() OVER (ORDER BY client_id) % (SELECT count(*) FROM plan.names) AS n
      FROM plan.new_clients) AS c
JOIN plan.names USING (n);

WITH done AS (
    INSERT INTO clients.global_clients
    SELECT client_id, given_name, paternal_name, maternal_name, email, country, registered_at, plan.written()
    FROM plan.registrations WHERE NOT digital ORDER BY client_id
    RETURNING 1
)
INSERT INTO plan.done SELECT 'clients.global_clients', 'inserted', count(*) FROM done;

WITH done AS (
    INSERT INTO clients.digital_clients
    SELECT client_id, given_name, paternal_name, maternal_name, email, lower(country),
           registered_at AT TIME ZONE 'Europe/Madrid', plan.written()
    FROM plan.registrations WHERE digital ORDER BY client_id
    RETURNING 1
)
INSERT INTO plan.done SELECT 'clients.digital_clients', 'inserted', count(*) FROM done;
