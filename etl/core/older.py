"""What older versions wrote into manifests, as this one reads it."""

from collections.abc import Callable
from typing import Any

_BEFORE_COUNTERS = (1, 2, 3, 4, 5)
"""The formats whose counters were texts, and whose published tables repeated what is in the star's manifest."""

_REASONS = {"merged into another row": "merged", "before the published window": "before_window"}
"""What the engine set aside, beside build's reasons."""


def upgraded(told: Any, table: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    """Return what a manifest's file says, its tables as this version writes them; what is damaged as it is."""
    if not isinstance(told, dict) or told.get("format") not in _BEFORE_COUNTERS:
        return told
    tables = told.get("tables")
    if not isinstance(tables, dict):
        return told
    return told | {"tables": {name: table(one) if isinstance(one, dict) else one for name, one in tables.items()}}


def star_table(told: dict[str, Any]) -> dict[str, Any]:
    """Return a star table's entry with fields for counters that were looked up by their texts."""
    told = dict(told)
    if isinstance(told.get("unknown"), dict):
        told["unknown"] = _unknown(told["unknown"])
    if isinstance(told.get("set_aside"), dict):
        told["set_aside"] = reasons = dict(told["set_aside"])
        told |= {field: reasons.pop(text) for text, field in _REASONS.items() if text in reasons}
    return told


def _unknown(told: dict[str, Any]) -> dict[str, Any]:
    """Read "shop_key: NULL" and "shop_key: no such member"."""
    found: dict[str, Any] = {}
    for text, count in told.items():
        column, colon, kind = text.rpartition(": ")
        if colon:
            found.setdefault(column, {})["null" if kind == "NULL" else "unmatched"] = count
        else:
            found[text] = count
    return found


def loaded_table(told: dict[str, Any]) -> dict[str, Any]:
    """Return a published table's entry with what it says of the star's in an entry of its own."""
    if "star_run" not in told:
        return told
    own = {name: told[name] for name in ("bytes", "mark", "columns") if name in told}
    star = {name: value for name, value in told.items() if name not in (*own, "star_run")}
    star |= {"run": told["star_run"], "raw_run": "", "files": (), "seconds": 0.0}
    return own | {"star": star_table(star)}
