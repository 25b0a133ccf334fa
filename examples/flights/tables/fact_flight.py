"""Flight: drafted from flights."""

import pandas as pd

from etl.contract import (
    Fact,
    Integer,
    Key,
    Night,
    Text,
    Timestamp,
    attribute,
    business_date,
    measure,
    natural_key,
    reference,
)


class FactFlight(Fact, rows_of=("flights",), partition_by="time_hour", unknown=0.2):
    """One row per flight.

    Flights that left New York
    """

    time_hour: Timestamp = natural_key("Scheduled hour of departure, UTC")
    carrier: Text = natural_key("Airline")
    flight: Integer = natural_key("Number of the flight")
    airline_key: Key = reference("dim_airline", "The airline.", on="carrier")
    # Guessed, for no foreign key is declared: of the same name as its key.
    # 6,188 of 40,000 rows match nothing there: the unknown member.
    plane_key: Key = reference("dim_plane", "The plane.", on="tailnum")
    origin_key: Key = reference("dim_airport", "Where it left.", on="origin")
    # Guessed, for no foreign key is declared: its key's columns have the same names.
    # 52 of 40,000 rows match nothing there: the unknown member.
    weather_key: Key = reference("dim_weather", "The weather.", on=["origin", "time_hour"])
    # Guessed, for no foreign key is declared: 90 of 94 values that were looked at are there.
    # 897 of 40,000 rows match nothing there: the unknown member.
    dest_key: Key = reference("dim_airport", "Where it went.", on="dest")
    # dim_date has to have 2013.
    time_hour_date_key: Key = reference("dim_date", "The day on which it was to leave.", on="time_hour_date")
    year: Integer = attribute("Year of departure, local time")
    month: Integer = attribute("Month of departure, local time")
    day: Integer = attribute("Day of departure, local time")
    dep_time: Integer = attribute("Actual departure as HHMM, local time; NULL: cancelled", nullable=True)
    sched_dep_time: Integer = attribute("Scheduled departure as HHMM, local time")
    dep_delay: Integer = measure("Minutes that it left late; negative: early", nullable=True)
    arr_time: Integer = attribute("Actual arrival as HHMM, local time", nullable=True)
    sched_arr_time: Integer = attribute("Scheduled arrival as HHMM, local time")
    arrival_delay: Integer = measure(
        "Minutes that it arrived late; negative: early", nullable=True, renamed_from="arr_delay"
    )
    air_time: Integer = attribute("Minutes in the air", nullable=True)
    distance: Integer = measure("Miles between the airports")
    hour: Integer = attribute("Scheduled hour of departure, local time")
    minute: Integer = attribute("Scheduled minute of departure")


def build(flights: pd.DataFrame, night: Night) -> pd.DataFrame:
    """Add the dates of times, in business time."""
    return flights.rename(columns={"arr_delay": "arrival_delay"}).assign(
        time_hour_date=business_date(flights["time_hour"], night.time_zone),
    )
