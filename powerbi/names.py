"""The names that analysts see."""

from etl.report.names import friendly

__all__ = ["friendly"]
