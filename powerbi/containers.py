"""What all visuals have: a query, and a container that says what is shown."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from powerbi.expressions import Json, projection, properties

Title: TypeAlias = str | Json
"""A text, or what a measure says."""


def query(roles: Mapping[str, Sequence[Json]]) -> Json:
    """Ask for fields, by role."""
    return {
        "queryState": {role: {"projections": [projection(f) for f in fields]} for role, fields in roles.items()},
    }


def container(title: Title, alt: str, help_text: str, points: int, *, show: bool = True) -> Json:
    """Say the title, what it shows for who cannot see it, and what the numbers mean for who points at the header."""
    return {
        "title": properties(show=show, text=title, titleWrap=True, fontSize=points),
        "general": properties(altText=alt),
        "visualHeader": properties(showTooltipButton=True),
        "visualHeaderTooltip": properties(type="Default", text=help_text),
    }
