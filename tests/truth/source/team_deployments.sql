-- Every team member in every deployment.
SELECT team_member_id, product_id, edition,
       allocations, returns, reallocations, has_three_or_more_allocations, is_reallocated, returned_everything,
       self_usage_instances, contracts, returned_contracts, instances, gross_revenue, net_revenue, retention
FROM published_team_deployment
