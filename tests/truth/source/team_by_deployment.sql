-- What did the team do in each deployment?
SELECT product_id, edition,
       sum(allocations)                                       AS allocations,
       sum(returns)                                           AS returns,
       sum(reallocations)                                     AS reallocations,
       count(*) FILTER (WHERE returned_everything)            AS returned_everything,
       count(*) FILTER (WHERE has_three_or_more_allocations)  AS three_or_more_allocations,
       count(*) FILTER (WHERE is_reallocated)                 AS reallocated,
       sum(self_usage_instances)                              AS self_usage_instances,
       sum(contracts)                                         AS contracts,
       sum(net_revenue)                                       AS net_revenue
FROM published_team_deployment GROUP BY product_id, edition
