-- How do the open editions of each product do, with their largest contract and without it; and which have no pace, why?
WITH last_day AS (
    SELECT DISTINCT ON (t.product_id, t.edition) t.*
    FROM published_deployment_day AS t
    JOIN deployment AS d ON (d.product_id, d.edition) = (t.product_id, t.edition)
    CROSS JOIN night
    WHERE d.opened_on <= business_date AND coalesce(d.closes_on >= business_date, true) AND t.day < business_date
    ORDER BY t.product_id, t.edition, t.day DESC
),
balance AS (
    SELECT l.*,
           l.previous_net_revenue_to_date IS NOT NULL AS is_comparable,
           (SELECT max(c.net_revenue) FROM contract AS c
            WHERE (c.product_id, c.edition) = (l.product_id, l.edition) AND c.contract_date <= l.day) AS largest
    FROM last_day AS l
)
SELECT product_id,
       sum(net_revenue_to_date)                                                 AS "Open Revenue to Date",
       max(largest)                                                             AS "Largest Open Contract",
       max(largest) / sum(net_revenue_to_date)                                  AS "Largest Contract's Share of Open Revenue",
       sum(net_revenue_to_date) FILTER (WHERE is_comparable)
           / sum(previous_net_revenue_to_date)                                  AS "Open Pace",
       (sum(net_revenue_to_date) FILTER (WHERE is_comparable) - max(largest) FILTER (WHERE is_comparable))
           / sum(previous_net_revenue_to_date)                                  AS "Open Pace without the Largest Contract",
       sum(net_revenue_to_date) - coalesce(sum(net_revenue_to_date) FILTER (WHERE is_comparable), 0)
                                                                                AS "Open Revenue without a Pace",
       min(pace_gap COLLATE "C")                                                AS "Why No Pace"
FROM balance GROUP BY product_id
