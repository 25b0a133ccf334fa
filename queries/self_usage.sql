-- Instances that team members use themselves. A day may be reported twice: the larger report counts.
-- grain: one row per team member, deployment and day
-- source: cloud
-- key: team_member_id, product_id, edition, used_on
-- survivor: -instances
-- watermark: updated_at
-- sweep: nightly
-- may be empty: yes

SELECT
    team_member_id,
    product_id,
    edition,
    used_on,

    instances,

    updated_at
FROM usage.self_usage
