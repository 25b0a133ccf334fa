"""The night in which a star is built."""

from config import Settings
from etl.contract import Night
from etl.core.clock import date_at, years_before
from etl.core.manifest import RawManifest


def night_of(settings: Settings, raw: RawManifest) -> Night:
    """Return what table files may ask of the night of a raw run."""
    today = date_at(raw.as_of, settings.business_time_zone)
    start = years_before(today, settings.window_years)
    return Night(raw.as_of, today, settings.business_time_zone, start)
