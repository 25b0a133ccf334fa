"""Airport: drafted from airports."""

import pandas as pd

from etl.contract import Decimal, Dimension, Integer, Key, Text, attribute, natural_key, surrogate_key


class DimAirport(Dimension, rows_of=("airports",)):
    """One row per airport.

    Airports of the United States
    """

    airport_key: Key = surrogate_key()
    faa: Text = natural_key("Code that the FAA gave the airport")
    name: Text = attribute("Usual name of the airport", unknown="Unknown")
    lat: Decimal(10, 7) = attribute("Latitude in degrees", nullable=True)
    lon: Decimal(10, 7) = attribute("Longitude in degrees", nullable=True)
    alt: Integer = attribute("Altitude in feet", nullable=True)
    tz: Integer = attribute("Hours from GMT", nullable=True)
    dst: Text = attribute("Daylight saving time: A standard US, U unknown, N none", nullable=True, unknown="Unknown")
    tzone: Text = attribute("IANA time zone", nullable=True, unknown="Unknown")


def build(airports: pd.DataFrame) -> pd.DataFrame:
    """Return the rows as the query has them."""
    return airports
