-- How much was sold in all, in the old system and in the new one?
SELECT origin,
       count(*)               AS contracts,
       sum(instances)         AS instances,
       sum(gross_revenue)     AS gross_revenue,
       sum(returned_revenue)  AS returned_revenue,
       sum(net_revenue)       AS net_revenue
FROM published_contract GROUP BY origin
