-- How much was sold of each deployment, and how long before its close? NULL: of one that is unknown.
SELECT product_id, edition,
       count(*)               AS contracts,
       sum(instances)         AS instances,
       sum(gross_revenue)     AS gross_revenue,
       sum(returned_revenue)  AS returned_revenue,
       sum(net_revenue)       AS net_revenue,
       sum(days_before_close) AS days_before_close
FROM published_contract GROUP BY product_id, edition
