-- Every day of every deployment.
SELECT product_id, edition, day, day AS calendar_date, is_unfinished, days_before_close,
       contracts, instances, gross_revenue, returned_revenue, net_revenue, visits, sessions, sign_ups, orders
FROM published_deployment_day
