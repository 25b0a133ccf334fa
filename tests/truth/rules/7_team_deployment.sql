-- Known team members and known deployments that have an allocation, a contract or self usage in common; all history.

CREATE TEMP TABLE team_deployment AS
WITH moved AS (
    SELECT team_member_id, product_id, edition,
           count(*) FILTER (WHERE movement IN ('ALLOCATION', 'REALLOCATION'))           AS allocations,
           count(*) FILTER (WHERE movement = 'RETURN')                                  AS returns,
           count(*) FILTER (WHERE movement = 'REALLOCATION')                            AS reallocations
    FROM movement WHERE team_member_id IS NOT NULL AND product_id IS NOT NULL
    GROUP BY 1, 2, 3
),
sold AS (
    SELECT team_member_id, product_id, edition, count(*) AS contracts,
           count(*) FILTER (WHERE is_returned)                                          AS returned_contracts,
           sum(instances) AS instances, sum(gross_revenue) AS gross_revenue, sum(net_revenue) AS net_revenue
    FROM contract WHERE team_member_id IS NOT NULL AND has_deployment
    GROUP BY 1, 2, 3
),
reported AS (   -- of two reports of one day the larger; without member, deployment or day there is no telling
    SELECT team_member_id, product_id, edition, max(instances) AS instances
    FROM usage.self_usage
    WHERE team_member_id IS NOT NULL AND product_id IS NOT NULL AND edition IS NOT NULL AND used_on IS NOT NULL
    GROUP BY team_member_id, product_id, edition, used_on
    UNION ALL
    SELECT team_member_id, product_id, edition, instances
    FROM usage.self_usage WHERE used_on IS NULL
),
used AS (
    SELECT m.team_member_id, d.product_id, d.edition, coalesce(sum(r.instances), 0) AS self_usage_instances
    FROM reported AS r
    JOIN people.team_members AS m USING (team_member_id)
    JOIN deployment AS d USING (product_id, edition)
    GROUP BY 1, 2, 3
),
met AS (
    SELECT team_member_id, product_id, edition,
           coalesce(allocations, 0) AS allocations, coalesce(returns, 0) AS returns,
           coalesce(reallocations, 0) AS reallocations,
           coalesce(self_usage_instances, 0) AS self_usage_instances,
           coalesce(contracts, 0) AS contracts, coalesce(returned_contracts, 0) AS returned_contracts,
           coalesce(instances, 0) AS instances,
           coalesce(gross_revenue, 0) AS gross_revenue, coalesce(net_revenue, 0) AS net_revenue,
           coalesce(contracts > returned_contracts, false) AS has_net_sale
    FROM moved
    FULL JOIN sold USING (team_member_id, product_id, edition)
    FULL JOIN used USING (team_member_id, product_id, edition)
),
last_sale AS (   -- the newest earlier edition of the same product in which the member had a net sale
    SELECT *, max(edition) FILTER (WHERE has_net_sale)
              OVER (PARTITION BY team_member_id, product_id ORDER BY edition
                    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS last_edition
    FROM met
)
SELECT l.*, d.is_published,
       allocations > 0 AND NOT has_net_sale                                             AS returned_everything,
       allocations >= 3                                          AS has_three_or_more_allocations,
       reallocations > 0                                                                AS is_reallocated,
       CASE WHEN NOT has_net_sale THEN 'None'
            WHEN edition - last_edition = 1 THEN 'Retained'
            WHEN edition - last_edition <= 10 THEN 'Reactivated'
            ELSE 'New' END                                                              AS retention
FROM last_sale AS l JOIN deployment AS d USING (product_id, edition)
WHERE allocations > 0 OR contracts > 0 OR self_usage_instances > 0;

CREATE TEMP VIEW published_team_deployment AS SELECT * FROM team_deployment WHERE is_published;
