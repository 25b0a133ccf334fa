-- What did each region sell in the periods that end with the last sale?
WITH sale AS (
    SELECT c.contract_date AS day, (c.contract_date + interval '1 year')::date AS year_later, c.net_revenue,
           pg_temp.region(o.region) AS region
    FROM published_contract AS c
    LEFT JOIN people.offices AS o ON o.office_id = pg_temp.office_on(c.team_member_id, c.contract_date)
),
clock AS (
    SELECT max(day) AS last_day, date_trunc('year', max(day))::date AS new_year,
           date_trunc('quarter', max(day) + 1)::date AS quarter_after
    FROM sale
)
SELECT region,
       sum(net_revenue) FILTER (WHERE day >= new_year)                                      AS "Net Revenue YTD",
       sum(net_revenue) FILTER (WHERE year_later BETWEEN new_year AND last_day)             AS "Net Revenue YTD LY",
       sum(net_revenue) FILTER (WHERE extract(year FROM year_later) = extract(year FROM new_year))
                                                                                            AS "Net Revenue Last Year",
       sum(net_revenue) FILTER (WHERE year_later > last_day)                                AS "Net Revenue Rolling 12 Months",
       sum(net_revenue) FILTER (WHERE day >= quarter_after - interval '3 months' AND day < quarter_after)
                                                                                            AS "Net Revenue Last Quarter",
       sum(net_revenue) FILTER (WHERE day >= quarter_after - interval '6 months'
                                  AND day < quarter_after - interval '3 months')            AS "Net Revenue Quarter Before"
FROM sale, clock GROUP BY region
