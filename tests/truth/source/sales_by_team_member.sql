-- How much did each team member sell? NULL: nobody, or one that is unknown.
SELECT team_member_id,
       count(*)               AS contracts,
       sum(instances)         AS instances,
       sum(gross_revenue)     AS gross_revenue,
       sum(returned_revenue)  AS returned_revenue,
       sum(net_revenue)       AS net_revenue
FROM published_contract GROUP BY team_member_id
