"""The faults of SQL Server, by their numbers and by what it says."""

from etl.download.generic.faults import Faults

_DEADLOCK, _LOCKED = 1205, 1222

FAULTS = Faults(passing=frozenset((_DEADLOCK, _LOCKED)), refused="cannot open database")
