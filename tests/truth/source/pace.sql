-- How is each deployment doing, on each of its days, against the edition before at the same point?
SELECT product_id, edition, day, days_before_close, contracts_to_date, net_revenue_to_date,
       previous_contracts_to_date, previous_net_revenue_to_date, previous_visits, previous_orders,
       largest_contract_to_date, pace_gap
FROM published_deployment_day
