"""Placeholder until the drawing lands."""

from etl.dashboard.picture import Picture


def html(picture: Picture) -> str:
    """Draw."""
    return repr(picture)
