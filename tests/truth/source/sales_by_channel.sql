-- How much came in through each channel? NULL: through one that is unknown.
SELECT channel_code,
       count(*)               AS contracts,
       sum(instances)         AS instances,
       sum(gross_revenue)     AS gross_revenue,
       sum(returned_revenue)  AS returned_revenue,
       sum(net_revenue)       AS net_revenue
FROM published_contract GROUP BY channel_code
