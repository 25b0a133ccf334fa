-- Which share of a product's clients bought the next edition too: of closed ones; of the open one so far; and of the one
-- before that, by the same number of days before its close? Where nobody came back there is nothing to say.
WITH bought AS (
    SELECT client_id, product_id, edition, min(contract_date) AS first_day
    FROM published_contract WHERE client_id IS NOT NULL AND has_deployment AND NOT is_returned GROUP BY 1, 2, 3
),
edition AS (
    SELECT d.*, d.opened_on <= business_date AND coalesce(d.closes_on >= business_date, true) AS is_open,
           closes_on - (business_date - 1) AS days_left
    FROM deployment AS d, night
),
pair AS (   -- a client of an edition, and the next one: when it bought that
    SELECT b.client_id, e.*, n.first_day
    FROM bought AS b
    JOIN edition AS e ON (e.product_id, e.edition) = (b.product_id, b.edition + 1)
    LEFT JOIN bought AS n ON (n.client_id, n.product_id, n.edition) = (b.client_id, e.product_id, e.edition)
),
so_far AS (
    SELECT o.product_id, o.edition = p.edition AS is_open_one,
           coalesce(p.closes_on - p.first_day >= o.days_left, false) AS is_back
    FROM edition AS o
    JOIN pair AS p ON p.product_id = o.product_id AND p.edition IN (o.edition, o.edition - 1)
    WHERE o.is_open AND o.closes_on IS NOT NULL
),
closed AS (
    SELECT product_id, nullif(avg((first_day IS NOT NULL)::integer), 0) AS rate, count(*) - count(first_day) AS lost
    FROM pair WHERE NOT is_open AND opened_on <= (SELECT max(contract_date) FROM published_contract) GROUP BY 1
),
open AS (
    SELECT product_id, nullif(avg(is_back::integer) FILTER (WHERE is_open_one), 0) AS rate,
           nullif(avg(is_back::integer) FILTER (WHERE NOT is_open_one), 0) AS before,
           count(*) FILTER (WHERE is_open_one) AS due
    FROM so_far GROUP BY 1
)
SELECT product_id, c.rate AS "Retention Rate", c.lost AS "Lost Clients",
       o.rate AS "Open Retention to Date", o.before AS "Previous Retention to Date", o.due AS "Open Clients Due"
FROM closed AS c FULL JOIN open AS o USING (product_id)
