-- How much did the fifty clients buy that bought most?
SELECT client_id,
       count(*)               AS contracts,
       sum(instances)         AS instances,
       sum(gross_revenue)     AS gross_revenue,
       sum(returned_revenue)  AS returned_revenue,
       sum(net_revenue)       AS net_revenue
FROM published_contract WHERE client_id IS NOT NULL
GROUP BY client_id ORDER BY sum(gross_revenue) DESC, client_id LIMIT 50
