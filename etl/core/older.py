"""The room for migrations: a function a step, from one format to the next, by which older versions' files are read.

A format's number rises with every change that an older version would not understand, be it one field more. A step takes
what that format says, and returns what the next one would say; where a field is new and has a default, none is needed.
Files on the disk stay as they are: they are read so for ever (docs/operating.md, "Upgrading", has the list).
"""

from collections.abc import Callable, Mapping
from typing import Any

Told = dict[str, Any]
Step = Callable[[Told], Told]


def upgraded(told: Any, newest: int, steps: Mapping[int, Step]) -> Any:
    """Return what a file says as the newest format would; what is damaged, or of no older one, as it is."""
    first = told.get("format") if isinstance(told, dict) else None
    if not isinstance(first, int) or not 1 <= first < newest:
        return told
    for number in range(first, newest):
        told = steps[number](told) if number in steps else told
    return told | {"format": newest}


_REASONS = {"merged into another row": "merged", "before the published window": "before_window"}
"""What the engine set aside, beside build's reasons."""


def _to_6(told: Told) -> Told:
    """Make fields of counters that were looked up by their texts; give what is published the star's entry."""
    change, tables = {"star": _star_table, "loaded": _loaded_table}.get(str(told.get("stage"))), told.get("tables")
    if change is None or not isinstance(tables, dict):
        return told
    return told | {"tables": {name: change(one) if isinstance(one, dict) else one for name, one in tables.items()}}


def _star_table(told: Told) -> Told:
    told = dict(told)
    if isinstance(told.get("unknown"), dict):
        told["unknown"] = _unknown(told["unknown"])
    if isinstance(told.get("set_aside"), dict):
        told["set_aside"] = reasons = dict(told["set_aside"])
        told |= {field: reasons.pop(text) for text, field in _REASONS.items() if text in reasons}
    return told


def _unknown(told: Told) -> Told:
    """Read "shop_key: NULL" and "shop_key: no such member"."""
    found: Told = {}
    for text, count in told.items():
        column, colon, kind = text.rpartition(": ")
        if colon:
            found.setdefault(column, {})["null" if kind == "NULL" else "unmatched"] = count
        else:
            found[text] = count
    return found


def _loaded_table(told: Told) -> Told:
    if "star_run" not in told:
        return told
    own = {name: told[name] for name in ("bytes", "mark", "columns") if name in told}
    star = {name: value for name, value in told.items() if name not in (*own, "star_run")}
    star |= {"run": told["star_run"], "raw_run": "", "files": (), "seconds": 0.0}
    return own | {"star": _star_table(star)}


def _to_7(told: Told) -> Told:
    """Say that no version is known: those before 1.0 had none."""
    return told | {"engine": ""}


MANIFESTS: Mapping[int, Step] = {5: _to_6, 6: _to_7}
"""The steps of manifests, by the format that each begins with."""

NIGHTS: Mapping[int, Step] = {}
"""The steps of the nights' records: so far, every field that came had a default."""
