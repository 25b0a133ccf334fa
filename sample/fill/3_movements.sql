-- Blocks of instances handed out and returned, in chains of one to five movements of one usage id in one deployment.

ALTER TABLE usage.movements DROP CONSTRAINT movements_pkey;
TRUNCATE usage.movements;   -- a table that is new in its transaction needs no write-ahead log

INSERT INTO usage.movements
WITH chain AS (
    SELECT chain, chain % plan.rare() AS odd, w.*,
           ('{1,1,1,1,1,1,1,1,2,2,2,2,2,3,3,3,4,4,5,5}'::integer[])
               [1 + floor(20 * plan.u(70, chain))::integer] AS length,
           plan.u(71, chain) AS u_shape,
           plan.u(72, chain) AS u_start,
           plan.u(73, chain) AS u_gap,
           plan.u(74, chain) AS u_block
    FROM plan.work AS w, generate_series(chains_before + 1, chains_upto) AS chain
    OFFSET 0
),
step AS (
    SELECT *,
           -- Two steps (handed out, returned) belong to one member; then the block goes to another.
           1 + floor(members * plan.u(75, chain * 8 + (k - 1) / 2))::bigint AS holder,
           CASE WHEN u_shape < 0.70 THEN '{1,2,1,2,1}'::smallint[]
                WHEN u_shape < 0.80 THEN '{2,1,2,1,2}'::smallint[]
                WHEN u_shape < 0.90 THEN '{1,1,2,1,1}'::smallint[]
                ELSE '{1,2,2,1,2}'::smallint[] END AS shape,
           -- One chain in thirty has all its movements at the same moment: the movement's id tells the order.
           ((opened_on + days * 0.5 * u_start * interval '1 day') AT TIME ZONE 'Europe/Madrid')
               + (k - 1) * days * 0.12 * CASE WHEN u_gap < 0.03 THEN 0 ELSE u_gap END * interval '1 day' AS at
    FROM chain, generate_series(1, length) AS k
    OFFSET 0
)
SELECT (k - 1) * plan.chains() + chain,
       -- Some blocks come back in a later edition, perhaps of another product, under their old number.
       70000 + CASE WHEN u_block < 0.06 AND chain > plan.chains() / 2 THEN chain - plan.chains() / 2 ELSE chain END,
       CASE WHEN odd = 1 THEN 99 ELSE s.product_id END,
       CASE WHEN odd = 1 THEN 999 ELSE s.edition END,
       CASE WHEN odd = 2 THEN 99999 WHEN odd <> 3 THEN t.team_member_id END,
       CASE WHEN odd = 4 THEN 3 WHEN odd = 5 THEN NULL WHEN NOT t.sells THEN 2 - k % 2
            ELSE shape[k] END,
       CASE WHEN odd = 6 THEN NULL WHEN odd = 7 THEN 0 WHEN odd = 8 THEN -5 ELSE 5 * (1 + floor(10 * u_block)) END,
       CASE WHEN odd = 9 THEN 'infinity' WHEN odd = 10 THEN NULL WHEN chain = 11 AND k = 1 THEN '15000-01-01 00:00+00'
            ELSE date_trunc('second', plan.known(at)) END,
       date_trunc('second', plan.known(at))
FROM step AS s
LEFT JOIN plan.team AS t ON t.product_id = s.product_id AND t.edition = s.edition AND t.rank = s.holder;

ALTER TABLE usage.movements ADD PRIMARY KEY (movement_id);
CREATE INDEX movements_in_order ON usage.movements (usage_id, product_id, edition, moved_at, movement_id);
CREATE INDEX movements_by_change ON usage.movements (updated_at);
