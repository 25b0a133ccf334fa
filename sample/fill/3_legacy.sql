-- The oldest fifth of the contracts, as the outdated system kept them.

TRUNCATE legacy.orders;   -- a table that is new in its transaction needs no write-ahead log

INSERT INTO legacy.orders
WITH numbered AS (
    SELECT order_no, order_no % plan.rare() AS odd, d.*,
           plan.u(60, order_no) AS u_channel,
           plan.u(61, order_no) AS u_client,
           plan.u(62, order_no) AS u_seller,
           plan.u(63, order_no) AS u_instances,
           plan.u(64, order_no) AS u_status,
           plan.u(65, order_no) AS u_price,
           plan.u(66, order_no) AS u_spelling
    FROM (SELECT *, to_char(day, 'DD/MM/YYYY') AS day_text FROM plan.days WHERE is_legacy OFFSET 0) AS d,
         generate_series(before_no + 1, before_no + n) AS order_no
    OFFSET 0
),
ended AS (
    SELECT *, CASE WHEN u_status < 0.04 AND odd <> 9 THEN day + 1 + floor(750 * u_status)::integer END AS returned
    FROM numbered
    OFFSET 0
)
SELECT order_no,
       CASE WHEN odd = 1 THEN NULL WHEN odd = 2 THEN plan.clients() + 5000 + order_no
            ELSE 1 + floor(clients_so_far * plan.place_of_client(u_client)) END,
       CASE WHEN odd = 3 THEN 99 ELSE e.product_id END,
       CASE WHEN odd = 3 THEN 999 ELSE e.edition END,
       CASE WHEN odd = 4 THEN 99999 ELSE t.team_member_id END,
       CASE WHEN odd = 5 THEN 'F' WHEN odd = 6 THEN NULL WHEN odd = 7 THEN ' w ' WHEN u_spelling < 0.02 * plan.dirt() THEN 't'
            WHEN u_channel < upto_team THEN 'T' WHEN u_channel < upto_web THEN 'W' WHEN u_channel < 0.95 THEN 'R' ELSE 'P' END,
       CASE WHEN odd = 8 THEN NULL WHEN odd = 10 THEN 0 WHEN odd = 11 THEN -1
            ELSE 1 + floor(u_instances * u_instances * u_instances * 20) END,
       CASE WHEN u_price < 0.7 THEN (cents * (100 - floor(u_price * 20)::integer) / 100) * 0.01 END,
       CASE WHEN odd = 9 OR returned IS NOT NULL THEN 9 WHEN odd = 12 THEN NULL WHEN u_status < 0.72 THEN 6
            WHEN u_status < 0.95 THEN 2 WHEN u_status < 0.98 THEN 1 ELSE 3 END,
       CASE WHEN odd = 13 THEN 34 WHEN odd = 14 THEN NULL WHEN u_spelling > 0.99 THEN 34 ELSE 1 END,
       CASE odd WHEN 15 THEN '31/02/2022' WHEN 16 THEN '' WHEN 17 THEN 'n/a' WHEN 18 THEN '2022-03-01' WHEN 19 THEN NULL
                WHEN 20 THEN ' ' || day_text WHEN 21 THEN day_text || '  ' WHEN 22 THEN ltrim(day_text, '0')
                ELSE CASE WHEN u_spelling < 0.03 * plan.dirt() THEN ' ' || day_text ELSE day_text END END,
       CASE WHEN returned IS NULL THEN CASE WHEN u_spelling > 0.9 THEN '' END
            WHEN odd = 23 THEN '00/00/0000' ELSE to_char(returned, 'DD/MM/YYYY') END,
       CASE WHEN odd = 24 THEN NULL
            WHEN odd IN (25, 26) THEN autumn + time '02:30'    -- came twice that night
            ELSE coalesce(returned, day) + floor(32400 + u_price * 50000) * interval '1 second' END,
       plan.known((coalesce(returned, day) + floor(32400 + u_price * 50000) * interval '1 second')
                  AT TIME ZONE 'Europe/Madrid')
FROM ended AS e
CROSS JOIN (   -- the last Sunday of October of two years ago
    SELECT eve - extract(isodow FROM eve)::integer % 7 AS autumn
    FROM make_date(extract(year FROM plan.today())::integer - 2, 10, 31) AS eve) AS dst
LEFT JOIN plan.team AS t
       ON t.product_id = e.product_id AND t.edition = e.edition
      AND t.rank = CASE WHEN u_channel < upto_team THEN 1 + floor(sellers * u_seller * u_seller)::bigint END;


-- ------------------------------------------------------------------------ the same order twice: as it was, and changed
-- The order number repeats; of a changed one the row touched last is right, whichever was written first.
INSERT INTO legacy.orders
SELECT * FROM legacy.orders WHERE order_no % 97 = 30;

INSERT INTO legacy.orders
SELECT order_no, customer_no, product_no, edition_no, seller_no, origin_letter, quantity, price,
       CASE WHEN state = 6 THEN 3 ELSE 6 END, kind, order_date, NULL,
       touched_at + CASE WHEN order_no % 2 = 0 THEN interval '2 days' ELSE interval '-1 hour' END,
       plan.known(updated_at + interval '2 days')
FROM legacy.orders WHERE order_no % 89 = 31 AND touched_at IS NOT NULL;

CREATE INDEX orders_by_change ON legacy.orders (updated_at);
CREATE INDEX orders_by_no ON legacy.orders (order_no);
