-- Channels through which contracts come in.
-- grain: one row per channel
-- source: cloud
-- key: channel_code

SELECT
    channel_code,

    name,
    is_digital
FROM sales.channels
