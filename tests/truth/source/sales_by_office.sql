-- What did each office sell on each day, as it was then? NULL: no member, or one of no known office.
SELECT o.office_id, c.contract_date,
       count(*)                 AS contracts,
       sum(c.gross_revenue)     AS gross_revenue,
       sum(c.returned_revenue)  AS returned_revenue,
       sum(c.net_revenue)       AS net_revenue
FROM published_contract AS c
LEFT JOIN people.offices AS o ON o.office_id = pg_temp.office_on(c.team_member_id, c.contract_date)
GROUP BY o.office_id, c.contract_date
