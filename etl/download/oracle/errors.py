"""The faults of Oracle, by what it says."""

from etl.download.generic.faults import Faults

FAULTS = Faults(refused="ORA-0(?:1017|1045)|ORA-2800[01]|ORA-12514")
