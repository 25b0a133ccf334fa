SELECT m.team_member_id, d.product_id, d.edition,
       f.allocations, f.returns, f.reallocations, f.has_three_or_more_allocations, f.is_reallocated,
       f.returned_everything,
       f.self_usage_instances, f.contracts, f.returned_contracts, f.instances, f.gross_revenue, f.net_revenue,
       f.retention
FROM fact_team_deployment AS f
JOIN dim_team_member AS m ON m.team_member_key = f.team_member_key
JOIN dim_deployment AS d ON d.deployment_key = f.deployment_key
