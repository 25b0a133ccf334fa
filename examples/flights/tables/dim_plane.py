"""Plane: drafted from planes."""

import pandas as pd

from etl.contract import Dimension, Integer, Key, Text, attribute, natural_key, surrogate_key


class DimPlane(Dimension, rows_of=("planes",)):
    """One row per plane.

    Planes that are registered with the FAA
    """

    plane_key: Key = surrogate_key()
    tailnum: Text = natural_key("Tail number of the plane")
    year: Integer = attribute("Year in which it was made", nullable=True)
    type: Text = attribute("Type of plane", nullable=True, unknown="Unknown")
    manufacturer: Text = attribute("Who made it", nullable=True, unknown="Unknown")
    model: Text = attribute("Its model", nullable=True, unknown="Unknown")
    engines: Integer = attribute("Number of engines", nullable=True)
    seats: Integer = attribute("Number of seats", nullable=True)
    speed: Integer = attribute("Average cruising speed in miles an hour", nullable=True)
    engine: Text = attribute("Type of engine", nullable=True, unknown="Unknown")


def build(planes: pd.DataFrame) -> pd.DataFrame:
    """Return the rows as the query has them."""
    return planes
