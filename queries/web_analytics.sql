-- Web analytics of each deployment by day. A day may be reported again: the report loaded last counts.
-- No row: the day was not measured; no visits: nobody came.
-- grain: one row per deployment and day
-- source: cloud
-- key: product_id, edition, day
-- survivor: -loaded_at
-- watermark: updated_at
-- sweep: nightly
-- newest: loaded_at
-- may be empty: yes

SELECT
    product_id,
    edition,
    day,

    visits,
    sessions,
    sign_ups,
    orders,

    loaded_at,
    updated_at
FROM web.daily_analytics
