"""The faults of SQL Server, by their numbers, and by what its drivers say where they tell none."""

import re
from typing import Any

from etl.download.generic.faults import Faults

_DEADLOCK, _LOCKED, _NO_SNAPSHOT, _CHANGED = 1205, 1222, 3952, 3961
_NUMBER = re.compile(r"\((\d+)\) \(SQL\w+\)|\b(?:error|SQL Server error):? (\d+)|^\((\d+), ")
_PASSING_STATES = ("08S01", "08001", "40001", "HYT00", "HYT01")
_FRAME = re.compile(r"(?:\[[^\]]*\]\s*)+")
_GRANT = "Let the table's owner GRANT SELECT ON it TO the account of {setting}."


class _Mssql(Faults):
    def number(self, original: Any) -> int | None:
        """Return the number: pyodbc and mssql-python write it into the text, pymssql tells it."""
        if (known := super().number(original)) is not None:
            return known
        found = _NUMBER.search(str(original))
        return int(next(group for group in found.groups() if group)) if found else None

    def reason(self, error: BaseException) -> str:
        """Return what the server said, without the names of the drivers that handed it on."""
        original: Any = getattr(error, "orig", None) or error
        args: tuple[Any, ...] = getattr(original, "args", ())
        text = args[1] if len(args) > 1 else str(original)
        text = text.decode(errors="replace") if isinstance(text, bytes) else str(text)
        text = text.rpartition("DDBC Error: ")[2].partition("DB-Lib error message")[0]
        told = _FRAME.sub("", text, count=1)
        told = re.sub(r"\s*\(\d+\)\s*\(SQL\w+\).*", "", told, flags=re.DOTALL)
        code = self.code(error)
        return f"{' '.join(told.split()).rstrip('.')}{f' (error {code})' if code else ''}."

    def passes(self, error: BaseException) -> bool:
        """Whether a retry may cure it: pyodbc tells the state as its first argument."""
        state = str((getattr(getattr(error, "orig", None), "args", None) or ("",))[0])
        return super().passes(error) or (state in _PASSING_STATES and self.code(error) not in self.refusals)


FAULTS = _Mssql(
    passing=frozenset(
        (
            *(_DEADLOCK, _LOCKED, _CHANGED, 3960, 3966),  # what others did meanwhile; a new snapshot may see it
            *(701, 802, 8645, 8651, 10928, 10929, 17809, 40501, 49918, 49919, 49920),  # no memory or workers just now
            *(233, 596, 6005, 10053, 10054, 10060, 40143, 40197, 40540, 40613, 42108, 42109),  # it was cut
        )
    ),
    passing_texts=r"communication link failure|connection is broken|timeout expired|not currently available",
    refusals=frozenset((916, 4060, 4064, 18452, 18456, 18461, 18470, 18486, 18487, 18488, 40615)),
    refused="cannot open database|certificate verify failed|ssl provider",
    cures={
        _DEADLOCK: "We are the one that gives way; run it again.",
        _LOCKED: "Look who holds the lock (sys.dm_tran_locks); SOURCE_LOCK_SECONDS is how long we wait for it.",
        _CHANGED: "A table was altered during the night; run it again.",
        _NO_SNAPSHOT: "Let the database's owner run ALTER DATABASE CURRENT SET ALLOW_SNAPSHOT_ISOLATION ON.",
        207: "Write the column's name as sp_help shows it.",
        208: "Write the table's name with its schema before it: sales.orders.",
        229: _GRANT,
        230: _GRANT,
        262: "Let the database's owner grant it to the account of {setting}.",
        916: "Let the database's owner make a user for the account of {setting}: CREATE USER.",
        4060: "Write the database's right name into {setting}, and let the account use it: CREATE USER.",
        18456: "Write the right user into {setting}, and the password there or into {password}.",
        18486: "The account is locked: let an administrator run ALTER LOGIN … UNLOCK.",
        18487: "The password has expired: let an administrator set another.",
        40615: "Let the firewall of the Azure server admit this machine's address.",
    },
    cures_said=(
        ("certificate", "Give the server a certificate that this machine trusts, or add TrustServerCertificate=yes to"
         " {setting} if nobody stands between."),
        ("driver manager", "Install the ODBC driver that {setting} names (driver=ODBC+Driver+18+for+SQL+Server)."),
    ),
)  # fmt: skip
