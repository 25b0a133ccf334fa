-- What did team members sell, by the office in which they were then, and by that in which they are today?
WITH sold AS (
    SELECT c.net_revenue, pg_temp.office_on(c.team_member_id, c.contract_date) AS office_then, m.office_id AS office_now
    FROM published_contract AS c JOIN team_member AS m ON m.team_member_id = c.team_member_id
),
then_sold AS (
    SELECT o.office_id, sum(net_revenue) AS revenue
    FROM sold LEFT JOIN people.offices AS o ON o.office_id = office_then GROUP BY 1
),
now_sold AS (
    SELECT office_now AS office_id, sum(net_revenue) AS revenue FROM sold GROUP BY 1
)
SELECT coalesce(t.office_id, n.office_id) AS office_id,
       t.revenue AS "Member Revenue", n.revenue AS "Member Revenue by Present Office"
FROM then_sold AS t FULL JOIN now_sold AS n ON coalesce(n.office_id, -1) = coalesce(t.office_id, -1)
