-- Airlines that fly from New York.
-- Drafted from the catalogue. About 16 rows.
-- Values that will bite: all 16 rows were looked at.
-- grain: one row per airline
-- source: flights
-- key: carrier

SELECT
    carrier,
    name
FROM airlines
