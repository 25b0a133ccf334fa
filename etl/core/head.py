"""The head: which run published last, to whom that belongs, and upon what the next night can stand.

It is a row in the warehouse (etl.load.head says how it moves); this is what everybody knows of it.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pydantic import ValidationError

from config import Settings
from etl.core.manifest import Standing

NAME = "etl_head"
"""The table of one row."""

READ = f"SELECT * FROM {NAME}"
"""Reads the head, in every warehouse's SQL; `Head.of` reads its row. An older version's has fewer columns."""


@dataclass(frozen=True)
class Head:
    """The row of `etl_head`. run: "" before the first publish.

    origin, standing: nothing where an older version published.
    """

    run: str = ""
    origin: Mapping[str, str] = field(default_factory=dict)
    standing: Standing = field(default_factory=Standing)

    @classmethod
    def of(cls, row: Mapping[str, str | None]) -> "Head":
        """Read what `READ` answered."""
        return cls(row["run_id"] or "", json.loads(row["origin"] or "{}"), _standing(row.get("standing")))

    @property
    def origin_json(self) -> str:
        """Return the origin as the table holds it."""
        return json.dumps(dict(self.origin), sort_keys=True, ensure_ascii=False)


AskHead = Callable[[Settings], Head]
"""Asks the warehouse for its head."""


def _standing(text: str | None) -> Standing:
    """Read upon what the next night can stand; nothing where another version wrote it otherwise."""
    try:
        return Standing.model_validate_json(text or "{}")
    except ValidationError:
        return Standing()
