-- Known deployments day by day, from the first sale to the close, or to the business date, which is unfinished.
--
-- What lies outside of these days (a contract signed, or returned, after the close) is left out.

CREATE TEMP TABLE deployment_day AS
WITH calendar AS (
    SELECT d.product_id, d.edition, d.closes_on, d.is_published, day::date AS day
    FROM deployment AS d
    JOIN (SELECT product_id, edition, min(contract_date) AS first_sale
          FROM contract WHERE has_deployment GROUP BY 1, 2) AS s USING (product_id, edition),
         night,
         generate_series(first_sale, least(d.closes_on, business_date), interval '1 day') AS day
),
sold AS (
    SELECT product_id, edition, contract_date AS day, count(*) AS contracts, sum(instances) AS instances,
           sum(gross_revenue) AS gross_revenue, max(net_revenue) AS largest_contract
    FROM contract WHERE has_deployment GROUP BY 1, 2, 3
),
returned AS (
    SELECT product_id, edition, return_date AS day, sum(returned_revenue) AS returned_revenue
    FROM contract WHERE has_deployment AND return_date IS NOT NULL GROUP BY 1, 2, 3
),
web AS (   -- of a day that was reported again, the report loaded last
    SELECT DISTINCT ON (product_id, edition, day) *
    FROM web.daily_analytics
    WHERE pg_temp.is_readable(loaded_at)
    ORDER BY product_id, edition, day, loaded_at DESC NULLS LAST
),
by_day AS (
    SELECT product_id, edition, day, is_published,
           day = business_date                                                          AS is_unfinished,
           closes_on - day                                                              AS days_before_close,
           coalesce(s.contracts, 0)                                                     AS contracts,
           coalesce(s.instances, 0)                                                     AS instances,
           coalesce(s.gross_revenue, 0)                                                 AS gross_revenue,
           coalesce(r.returned_revenue, 0)                                              AS returned_revenue,
           coalesce(s.gross_revenue, 0) + coalesce(r.returned_revenue, 0)               AS net_revenue,
           coalesce(s.largest_contract, 0)                                              AS largest_contract,
           w.visits, w.sessions, w.sign_ups, w.orders
    FROM calendar CROSS JOIN night
    LEFT JOIN sold AS s USING (product_id, edition, day)
    LEFT JOIN returned AS r USING (product_id, edition, day)
    LEFT JOIN web AS w USING (product_id, edition, day)
)
SELECT *,
       sum(contracts) OVER to_date                                                      AS contracts_to_date,
       sum(net_revenue) OVER to_date                                                    AS net_revenue_to_date,
       max(largest_contract) OVER to_date                                               AS largest_contract_to_date
FROM by_day
WINDOW to_date AS (PARTITION BY product_id, edition ORDER BY day);

ANALYZE deployment_day;

-- Beside each day the finished day of the edition before with the same number of days before the close; nothing beside
-- the unfinished day, which is no measure of pace. Before its first sale the edition before had sold 0; what it will
-- have sold when it has come so far is not known, nor anything of one whose close is unknown.
CREATE TEMP TABLE published_deployment_day AS
WITH comparable AS (
    SELECT * FROM deployment_day WHERE NOT is_unfinished AND days_before_close IS NOT NULL
),
sold_before AS (
    SELECT product_id, edition + 1 AS edition, bool_or(days_before_close IS NOT NULL) AS closes
    FROM deployment_day GROUP BY 1, 2
),
reached AS (
    SELECT product_id, edition, min(days_before_close) AS days_before_close FROM comparable GROUP BY 1, 2
)
SELECT t.*,
       CASE WHEN t.is_unfinished OR is_known THEN NULL
            WHEN t.days_before_close IS NULL THEN 'No closing date'
            WHEN b.closes THEN 'Edition before not so far yet'
            WHEN NOT b.closes THEN 'Edition before without closing date'
            ELSE 'No edition before' END                                                AS pace_gap,
       CASE WHEN is_known THEN coalesce(p.contracts_to_date, 0) END                     AS previous_contracts_to_date,
       CASE WHEN is_known THEN coalesce(p.net_revenue_to_date, 0) END                   AS previous_net_revenue_to_date,
       p.visits                                                                         AS previous_visits,
       p.orders                                                                         AS previous_orders
FROM deployment_day AS t
LEFT JOIN reached AS r ON (r.product_id, r.edition) = (t.product_id, t.edition - 1)
LEFT JOIN sold_before AS b ON (b.product_id, b.edition) = (t.product_id, t.edition)
CROSS JOIN LATERAL (SELECT NOT t.is_unfinished AND t.days_before_close >= r.days_before_close AS is_known) AS k
LEFT JOIN comparable AS p
       ON (p.product_id, p.edition, p.days_before_close) = (t.product_id, t.edition - 1, t.days_before_close)
      AND NOT t.is_unfinished
WHERE t.is_published;
