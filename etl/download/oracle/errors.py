"""The faults of Oracle, by their numbers, and of its driver, by what it says (DPY-…)."""

import re
from typing import Any

from etl.download.generic.faults import Faults

_NUMBER = re.compile(r"ORA-(\d{5})")
_GRANT = "Let the table's owner GRANT SELECT ON it TO the account of {setting}, and write the owner before its name."


class _Oracle(Faults):
    def number(self, original: Any) -> int | None:
        """Return the number of the first ORA-."""
        found = _NUMBER.search(str(original))
        return int(found[1]) if found else None

    def reason(self, error: BaseException) -> str:
        """Return what was said, its number once, without the address of its explanation."""
        original: Any = getattr(error, "orig", None) or error
        told = re.sub(r"\s*Help: https?://\S+", "", str(original))
        return f"{' '.join(told.split()).rstrip('.')}."


FAULTS = _Oracle(
    passing=frozenset(
        (
            *(54, 60, 1013, 1555, 8176, 8177, 4021, 4068, 1466),  # locks, deadlocks, an undo that was overwritten, DDL
            *(18, 20, 1033, 1034, 1089, 1090, 1092, 12516, 12518, 12519, 12520, 12526, 12527, 12528),  # not just now
            *(28, 1012, 2396, 3113, 3114, 3135, 12170, 12537, 12541, 12543, 12545, 12547, 12571, 25408),  # it was cut
        )
    ),
    passing_texts=r"DPY-(?:1001|4011|4024|6000|6005)\b",
    refusals=frozenset((1017, 1045, 1005, 12154, 12505, 12514, 28000, 28001, 28040)),
    refused=r"DPY-(?:3015|4000|4001|4027)\b",
    cures={
        904: "Write the column's name as DESCRIBE shows it; a name in small letters stands in quotes.",
        942: _GRANT,
        1031: _GRANT,
        1013: "Somebody ended the query at the server; run it again.",
        1017: "Write the right user into {setting}, and the password there or into {password}.",
        1045: "Let an administrator GRANT CREATE SESSION TO the account of {setting}.",
        1466: "A table was altered during the night; run it again.",
        1555: "The night's snapshot outlived its undo: let the DBA raise UNDO_RETENTION, or make the query lighter.",
        12505: "Write the service as …/?service_name=NAME into {setting}.",
        12514: "Write the right service into {setting}: …/?service_name=NAME, as lsnrctl services shows it.",
        28000: "The account is locked: let an administrator run ALTER USER … ACCOUNT UNLOCK.",
        28001: "The password has expired: let an administrator set another.",
    },
    cures_said=(
        ("dpy-3010", "This server is too old for the driver's thin mode: install Oracle's client, and see"
         " python-oracledb's documentation of thick mode."),
        ("dpy-3022", "Write SYS_EXTRACT_UTC(column) AS column: the driver does not know zones by their names."),
        ("dpy-4024", "Make the query lighter, or raise SOURCE_STATEMENT_SECONDS."),
    ),
)  # fmt: skip
