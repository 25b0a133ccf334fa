"""Every guard there is: a new one is named here, and known to --accept, the stages and the documentation."""

from typing import Any

from etl.guards.disk import disk
from etl.guards.guard import Guard
from etl.guards.keys import keys, pseudonyms
from etl.guards.months import months
from etl.guards.newest import newest
from etl.guards.origin import origin
from etl.guards.pace import fast
from etl.guards.raw import RawSeen, empty, grew, shrank, types
from etl.guards.star import StarSeen, lost, rejects, unknown

SOURCE: tuple[Guard[RawSeen], ...] = (empty, shrank, grew, types, newest)
"""The guards over each table that was extracted."""

STAR: tuple[Guard[StarSeen], ...] = (lost, rejects, unknown, months)
"""The guards over each table that is to be published."""

DIMENSIONS: tuple[Guard[Any], ...] = (keys,)
"""The guards over each dimension."""

STAGES: tuple[Guard[Any], ...] = (fast,)
"""The guards over a stage."""

NIGHT: tuple[Guard[Any], ...] = (disk, origin, pseudonyms)
"""The guards over the whole night."""

GUARDS: dict[str, Guard[Any]] = {one.name: one for one in (*SOURCE, *NIGHT, *STAGES, *DIMENSIONS, *STAR)}
"""All guards, by name."""
