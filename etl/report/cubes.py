"""Aggregates by the members of every set of slicers: each choice of one member, or of all, of each of them."""

from collections.abc import Sequence
from itertools import combinations

from etl.report.grains import AXIS, Grains, Group

ALL = -1
"""The code of a slicer of which no member is chosen."""


def cube(group: Group, grains: Grains) -> str:
    """Return the query for a group's measures by the axis and every set of its slicers.

    Its columns: a0, … of the slicers, axis, there, and m0, … of the measures.
    """
    answers = group.answers
    sets = [chosen for size in range(len(answers) + 1) for chosen in combinations(answers, size)]
    if group.base.latest:
        balances = "\nUNION ALL\n".join(_balances(group, grains, chosen) for chosen in sets)
        return f"WITH every_ AS (\n{grains.select(group)}\n)\n{balances}"
    keys = [f"CASE WHEN GROUPING(a{n}_) = 1 THEN {ALL} ELSE a{n}_ END AS a{n}" for n in answers]
    every = ", ".join(f"({', '.join(_keys(group, chosen))})" for chosen in sets)
    rows = f"(\n{grains.select(group)}\n) AS chosen"
    return f"{_selected(group, grains, keys)}\nFROM {rows} GROUP BY GROUPING SETS ({every})"


def of_none(group: Group, grains: Grains) -> str:
    """Return the query for what a group's measures are of no rows: 0 of some counts that are written by hand."""
    return f"SELECT {_sums(group, grains)}\nFROM (\n{grains.select(group)}\n) AS chosen WHERE FALSE"


def _balances(group: Group, grains: Grains, chosen: Sequence[int]) -> str:
    """Aggregate balances by the axis and the members of some slicers: which are the latest depends on these."""
    by = _keys(group, chosen)
    per, last = group.base.latest or ("", "")
    ranked = f"RANK() OVER (PARTITION BY {', '.join([*by, per])} ORDER BY {last} DESC)"
    rows = f"(SELECT * FROM (SELECT *, {ranked} AS age_ FROM every_) AS aged WHERE age_ = 1)"
    keys = [f"{f'a{n}_' if n in chosen else ALL} AS a{n}" for n in group.answers]
    grouped = f" GROUP BY {', '.join(by)}" if by else ""
    return f"{_selected(group, grains, keys)}\nFROM {rows} AS chosen{grouped}"


def _selected(group: Group, grains: Grains, keys: Sequence[str]) -> str:
    axis = [f"{AXIS} AS axis"] if group.has_axis else []
    return f"SELECT {', '.join([*keys, *axis, 'TRUE AS there', _sums(group, grains)])}"


def _sums(group: Group, grains: Grains) -> str:
    return ", ".join(f"{sql} AS m{n}" for n, sql in enumerate(grains.aggregates(group).values()))


def _keys(group: Group, chosen: Sequence[int]) -> list[str]:
    return [*([AXIS] if group.has_axis else []), *(f"a{n}_" for n in chosen)]
