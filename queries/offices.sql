-- Offices of the sales force.
-- grain: one row per office
-- source: cloud
-- key: office_id

SELECT
    office_id,

    name,
    region,

    opened_on
FROM people.offices
