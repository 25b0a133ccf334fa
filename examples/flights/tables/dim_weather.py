"""Weather: drafted from weather."""

import pandas as pd

from etl.contract import (
    Decimal,
    Dimension,
    Integer,
    Key,
    Text,
    Timestamp,
    attribute,
    natural_key,
    reference,
    surrogate_key,
)


class DimWeather(Dimension, rows_of=("weather",)):
    """One row per weather.

    Hourly weather at the airports of New York
    """

    weather_key: Key = surrogate_key()
    origin: Text = natural_key("Weather station")
    time_hour: Timestamp = natural_key("Hour of the record, UTC")
    airport_key: Key = reference("dim_airport", "The airport.", on="origin")
    temp: Decimal(5, 2) = attribute("Temperature in degrees Fahrenheit", nullable=True)
    dewp: Decimal(5, 2) = attribute("Dew point in degrees Fahrenheit", nullable=True)
    humid: Decimal(5, 2) = attribute("Relative humidity in percent", nullable=True)
    wind_dir: Integer = attribute("Direction of the wind in degrees", nullable=True)
    wind_speed: Decimal(9, 5) = attribute("Speed of the wind in miles an hour", nullable=True)
    wind_gust: Decimal(9, 5) = attribute("Speed of gusts in miles an hour", nullable=True)
    precip: Decimal(5, 2) = attribute("Precipitation in inches", nullable=True)
    pressure: Decimal(6, 1) = attribute("Pressure at sea level in millibars", nullable=True)
    visib: Decimal(5, 2) = attribute("Visibility in miles", nullable=True)


def build(weather: pd.DataFrame) -> pd.DataFrame:
    """Return the rows as the query has them."""
    return weather
