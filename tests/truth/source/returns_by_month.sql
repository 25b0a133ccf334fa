-- How much was returned in each month of return? Of some contracts it is not known when they were returned.
SELECT coalesce(to_char(return_date, 'YYYY-MM'), 'Unknown') AS year_month,
       count(*)               AS contracts,
       sum(returned_revenue)  AS returned_revenue
FROM published_contract WHERE is_returned GROUP BY 1
