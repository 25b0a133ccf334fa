"""A tiny star: two dimensions and a fact, with every type of column."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from etl.contract import (
    Date,
    Dimension,
    Fact,
    Flag,
    Integer,
    Key,
    Money,
    Number,
    Text,
    Time,
    Timestamp,
    attribute,
    measure,
    natural_key,
    reference,
    surrogate_key,
)
from etl.contract.table import Contract


class DimPlanet(Dimension):
    """One row per planet.

    Moons are not planets.
    """

    planet_key: Key = surrogate_key()
    planet_id: Integer = natural_key("The planet's number.")
    name: Text = attribute('The planet\'s name, as its "people" write it.', nullable=True)


class DimShip(Dimension):
    """One row per ship."""

    ship_key: Key = surrogate_key()
    ship_id: Text = natural_key("The ship's registration.")
    home_key: Key = reference("dim_planet", "Where the ship is at home.", on="home_id")


class FactFlight(Fact, partition_by="day", cluster_by=("planet_key", "ship_key")):
    """One row per flight."""

    flight_id: Integer = natural_key("The flight's number.")
    planet_key: Key = reference("dim_planet", "Where to.")
    ship_key: Key = reference("dim_ship", "With which ship.")
    day: Date = attribute("The day of landing.")
    landed_at: Timestamp = attribute("When it landed (UTC).", nullable=True)
    price: Money = measure("The price.", nullable=True)
    weight: Number = measure("The weight in tons.", nullable=True)
    late: Flag = attribute("Whether it was late.", nullable=True)
    meal_at: Time = attribute("When there was a meal.", nullable=True)
    remark: Text = attribute("What the captain said.", nullable=True)


PLANET = Contract.of("dim_planet", DimPlanet)
SHIP = Contract.of("dim_ship", DimShip)
FLIGHT = Contract.of("fact_flight", FactFlight)
STAR = [PLANET, SHIP, FLIGHT]

Rows = list[dict[str, Any]]


def planets(count: int, name: str | None = "Earth") -> Rows:
    """Make planets that are all named alike."""
    return [{"planet_key": n, "planet_id": n if n else None, "name": name} for n in range(count)]


def ships(count: int) -> Rows:
    """Make ships."""
    return [{"ship_key": n, "ship_id": f"S-{n}" if n else None, "home_key": n} for n in range(count)]


def flights(count: int, **values: Any) -> Rows:
    """Make flights; values: what is the same in all of them."""
    common = {
        "planet_key": 1,
        "ship_key": 0,
        "day": date(2031, 5, 17),
        "landed_at": datetime(2031, 5, 17, 4, 5, 6, 789012, UTC),
        "price": Decimal("12.50"),
        "weight": 1.5,
        "late": False,
        "meal_at": time(10, 30, 0, 500),
        "remark": "landed",
    }
    return [{"flight_id": n, **common, **values} for n in range(1, count + 1)]
