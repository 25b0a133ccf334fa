-- What did the members sell who are in each office today? NULL: no member, or one of no known office.
SELECT m.office_id, count(*) AS contracts, sum(c.net_revenue) AS net_revenue
FROM published_contract AS c LEFT JOIN team_member AS m ON m.team_member_id = c.team_member_id
GROUP BY m.office_id
