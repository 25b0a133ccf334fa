-- Airports of the United States.
-- Drafted from the catalogue. About 1,458 rows.
-- Values that will bite: all 1,458 rows were looked at.
-- grain: one row per airport
-- source: flights
-- key: faa

SELECT
    faa,
    name,
    lat,
    lon,
    alt,
    tz,
    dst,
    tzone
FROM airports
