SELECT d.product_id, d.edition,
       SUM(f.allocations)                                                 AS allocations,
       SUM(f.returns)                                                     AS returns,
       SUM(f.reallocations)                                               AS reallocations,
       SUM(CASE WHEN f.returned_everything THEN 1 ELSE 0 END)             AS returned_everything,
       SUM(CASE WHEN f.has_three_or_more_allocations THEN 1 ELSE 0 END)   AS three_or_more_allocations,
       SUM(CASE WHEN f.is_reallocated THEN 1 ELSE 0 END)                  AS reallocated,
       SUM(f.self_usage_instances)                                        AS self_usage_instances,
       SUM(f.contracts)                                                   AS contracts,
       SUM(f.net_revenue)                                                 AS net_revenue
FROM fact_team_deployment AS f JOIN dim_deployment AS d ON d.deployment_key = f.deployment_key
GROUP BY d.product_id, d.edition
