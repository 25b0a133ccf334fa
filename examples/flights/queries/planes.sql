-- Planes that are registered with the FAA.
-- Drafted from the catalogue. About 3,322 rows.
-- Values that will bite: all 3,322 rows were looked at.
-- grain: one row per plane
-- source: flights
-- key: tailnum

SELECT
    tailnum,
    year,
    type,
    manufacturer,
    model,
    engines,
    seats,
    speed,
    engine
FROM planes
