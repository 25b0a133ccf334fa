"""Notes beside a lock: who holds it. A note only explains; whether the lock is held, the lock itself says."""

import json
from pathlib import Path
from typing import Any


def holder_of(note: Path) -> str:
    """Return who left a note, for a sentence."""
    holder = read_note(note)
    try:
        where = f" on {holder['host']}" if "host" in holder else ""
        return f"Another run ({holder['stage']}, process {holder['pid']}{where}, since {holder['since']})"
    except LookupError:
        return "Another run"


def read_note(note: Path) -> dict[str, Any]:
    """Read a note; nothing where it cannot be read."""
    try:
        holder = json.loads(note.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return holder if isinstance(holder, dict) else {}
