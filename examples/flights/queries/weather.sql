-- Hourly weather at the airports of New York.
-- Drafted from the catalogue. About 26,115 rows.
-- Values that will bite: all 26,115 rows were looked at.
-- grain: one row per weather
-- source: flights
-- key: origin, time_hour
-- types: time_hour timestamptz

SELECT
    origin,
    -- time_hour: no zone in the source: taken for UTC
    time_hour,
    temp,
    dewp,
    humid,
    wind_dir,
    wind_speed,
    wind_gust,
    precip,
    pressure,
    visib
FROM weather
