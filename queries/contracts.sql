-- Contracts of the present system and of the outdated one, whose ids collide: origin tells them apart.
-- The outdated one writes dates as text (dd/mm/yyyy), the channel as a letter, and repeats an order that was
-- touched again: the row touched last counts.
-- grain: one row per contract
-- source: cloud
-- key: origin, contract_id
-- survivor: -updated_at, status
-- watermark: written_at
-- sweep: nightly
-- may shrink: 1 %
-- newest: updated_at

SELECT
    'old' AS origin,
    order_no AS contract_id,
    customer_no AS client_id,
    product_no AS product_id,
    edition_no AS edition,
    seller_no AS team_member_id,
    CASE upper(trim(origin_letter))
        WHEN 'T' THEN 'TEAM'
        WHEN 'W' THEN 'WEB'
        WHEN 'R' THEN 'RETAIL'
        WHEN 'P' THEN 'PARTNER'
        ELSE origin_letter
    END AS channel_code,

    quantity AS instances,
    price AS unit_price,
    state AS status,
    kind AS order_kind,

    NULL::timestamptz AS contracted_at,
    NULL::timestamptz AS returned_at,
    order_date AS contract_date_text,
    return_date AS return_date_text,
    touched_at AT TIME ZONE :business_time_zone AS updated_at,
    updated_at AS written_at
FROM legacy.orders
WHERE order_no IN (SELECT order_no FROM legacy.orders WHERE updated_at >= :since)

UNION ALL

SELECT
    'new',
    contract_id,
    client_id,
    product_id,
    edition,
    team_member_id,
    channel_code,

    instances,
    unit_price,
    status,
    order_kind,

    contracted_at,
    returned_at,
    NULL,
    NULL,
    updated_at,
    updated_at
FROM sales.contracts
WHERE updated_at >= :since
