-- How much was sold in each month of contract?
SELECT to_char(contract_date, 'YYYY-MM') AS year_month,
       count(*)               AS contracts,
       sum(instances)         AS instances,
       sum(gross_revenue)     AS gross_revenue,
       sum(returned_revenue)  AS returned_revenue,
       sum(net_revenue)       AS net_revenue
FROM published_contract GROUP BY 1
