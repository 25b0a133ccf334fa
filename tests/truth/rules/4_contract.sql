-- Contracts that count, of both systems and all history.
--
-- product_id and edition, client_id, team_member_id and channel_code are NULL where they name nobody that is known.

CREATE TEMP TABLE contract AS
WITH written AS (
    SELECT 'new' AS origin, contract_id, client_id, product_id, edition, team_member_id, channel_code,
           instances, unit_price, status, order_kind,
           contracted_at::date AS contract_date, returned_at::date AS return_date, updated_at
    FROM sales.contracts
    WHERE pg_temp.is_readable(contracted_at) AND pg_temp.is_readable(returned_at) AND pg_temp.is_readable(updated_at)
    UNION ALL
    SELECT 'old', order_no, customer_no, product_no, edition_no, seller_no,
           CASE upper(btrim(origin_letter))
                WHEN 'T' THEN 'TEAM' WHEN 'W' THEN 'WEB' WHEN 'R' THEN 'RETAIL' WHEN 'P' THEN 'PARTNER'
                ELSE origin_letter END,
           quantity, price, state, kind,
           pg_temp.written_date(order_date), pg_temp.written_date(return_date), touched_at::timestamptz
    FROM legacy.orders
    WHERE pg_temp.is_readable(touched_at::timestamptz)
),
-- Which of the rows of one contract counts is settled before it is asked what that row says.
last_written AS (
    SELECT DISTINCT ON (origin, contract_id) *
    FROM written
    ORDER BY origin, contract_id, updated_at DESC NULLS LAST, status
)
SELECT w.origin, w.contract_id,
       d.product_id, d.edition, c.client_id, m.team_member_id, h.channel_code,
       d.product_id IS NOT NULL                                             AS has_deployment,
       coalesce(d.is_published, true)                                       AS is_published,
       w.contract_date,
       CASE WHEN w.status = 9 THEN w.return_date END                        AS return_date,
       w.status = 9                                                         AS is_returned,
       d.closes_on - w.contract_date                                        AS days_before_close,
       w.instances,
       p.unit_price,
       w.instances * p.unit_price                                           AS gross_revenue,
       CASE WHEN w.status = 9 THEN -w.instances * p.unit_price ELSE 0 END   AS returned_revenue,
       CASE WHEN w.status = 9 THEN 0 ELSE w.instances * p.unit_price END    AS net_revenue
FROM last_written AS w
LEFT JOIN deployment AS d ON (d.product_id, d.edition) = (w.product_id, w.edition)
LEFT JOIN client AS c ON c.client_id = w.client_id
LEFT JOIN people.team_members AS m ON m.team_member_id = w.team_member_id
LEFT JOIN sales.channels AS h
       ON upper(pg_temp.cleaned(h.channel_code)) = upper(pg_temp.cleaned(w.channel_code))
CROSS JOIN LATERAL (SELECT coalesce(w.unit_price, d.unit_price) AS unit_price) AS p
WHERE w.status IN (2, 6, 9) AND w.order_kind IS DISTINCT FROM 34
  AND w.contract_date IS NOT NULL AND w.instances >= 1 AND p.unit_price IS NOT NULL;

ANALYZE contract;

CREATE TEMP VIEW published_contract AS SELECT * FROM contract WHERE is_published;
