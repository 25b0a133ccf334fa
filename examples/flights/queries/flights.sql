-- Flights that left New York.
-- Drafted from the catalogue. About 40,000 rows.
-- Values that will bite: all 40,000 rows were looked at.
-- grain: one row per flight
-- source: flights
-- key: time_hour, carrier, flight
-- types: time_hour timestamptz

SELECT
    -- time_hour: no zone in the source: taken for UTC
    time_hour,
    carrier,
    flight,
    year,
    month,
    day,
    dep_time,
    sched_dep_time,
    dep_delay,
    arr_time,
    sched_arr_time,
    arr_delay,
    tailnum,
    origin,
    dest,
    air_time,
    distance,
    hour,
    minute
FROM flights
