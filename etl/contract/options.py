"""The class arguments of a contract: what they may be, checked where they are written."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from etl.core.errors import ContractError
from etl.core.names import guess

DEFAULTS: dict[str, Any] = {
    "stream": None,
    "survivor": (),
    "partition_by": None,
    "cluster_by": (),
    "group_by": None,
    "rows_of": (),
    "lost": 0.5,
    "rejects": 0.01,
    "unknown": 0.01,
    "closed_months": None,
    "tolerance": 0.01,
    "settled_after": None,
    "hierarchies": {},
}
"""Every argument's name, and its value where a contract says nothing."""

_NAMES = ("survivor", "cluster_by", "rows_of")
_NAME = ("stream", "partition_by", "group_by", "closed_months")
_SHARES = {"lost": 1, "rejects": 1, "unknown": 1, "tolerance": math.inf}
"""The most that each may be: a month's sum may more than double."""


def checked(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return all options of a contract. Raises ContractError for one that is not known, or is not what it is to be."""
    for name in given:
        if name not in DEFAULTS:
            raise ContractError(
                f"A contract has no argument {name}=.",
                guess(name, DEFAULTS, f"It has: {', '.join(DEFAULTS)}."),
            )
    options = DEFAULTS | {name: value for name, value in given.items() if value is not None}
    for name in _NAMES:
        options[name] = _several(name, options[name])
    for name in _NAME:
        if not isinstance(options[name], str | None):
            raise ContractError(f"{name}={options[name]!r} is no name.", f'Write e.g. {name}="day".')
    for name, most in _SHARES.items():
        if not _is_number(options[name]) or not 0 <= options[name] <= most:
            raise ContractError(f"{name}={options[name]!r} is no share.", f"Write e.g. {name}=0.05 for 5 %.")
    years = options["settled_after"]
    if years is not None and (not isinstance(years, int) or years < 0):
        raise ContractError(f"settled_after={years!r} is no number of years.", "Write e.g. settled_after=2.")
    options["hierarchies"] = _hierarchies(options["hierarchies"])
    return options | {"rows_of": (options["stream"],) if options["stream"] else options["rows_of"]}


def _several(name: str, value: Any) -> tuple[str, ...]:
    """Turn one name, or several, into a tuple."""
    names = (value,) if isinstance(value, str) else tuple(value) if isinstance(value, Iterable) else (value,)
    if not all(isinstance(each, str) for each in names):
        raise ContractError(f"{name}={value!r} is no tuple of names.", f'Write e.g. {name}=("day", "place").')
    return names


def _hierarchies(value: Any) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, dict) or not all(isinstance(levels, list | tuple) for levels in value.values()):
        raise ContractError(
            f"hierarchies={value!r} are no names with their columns.",
            'Write e.g. hierarchies={"Calendar": ("year", "month")}.',
        )
    return {str(name): _several("hierarchies", levels) for name, levels in value.items()}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
