-- What did the members of each office do in deployments, in whose last days they were there? NULL: no known office.
SELECT o.office_id, t.retention, count(*) AS members, sum(t.self_usage_instances) AS self_usage_instances
FROM night CROSS JOIN published_team_deployment AS t
JOIN deployment AS d USING (product_id, edition)
LEFT JOIN people.offices AS o
       ON o.office_id = pg_temp.office_on(t.team_member_id, coalesce(d.closes_on, business_date))
GROUP BY o.office_id, t.retention
