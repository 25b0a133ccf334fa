-- What happened in all the days of each deployment?
SELECT product_id, edition,
       count(*)                                  AS days,
       count(*) FILTER (WHERE is_unfinished)     AS unfinished_days,
       sum(contracts)                            AS contracts,
       sum(gross_revenue)                        AS gross_revenue,
       sum(returned_revenue)                     AS returned_revenue,
       sum(visits)                               AS visits,
       count(*) FILTER (WHERE visits IS NULL)    AS days_without_visits,
       sum(sessions)                             AS sessions,
       sum(orders)                               AS orders
FROM published_deployment_day GROUP BY product_id, edition
