"""The engine of the nightly ETL: one package a stage, and the small core that they share."""

__version__ = "1.1.0"
"""The engine's version, written here alone; docs/operating.md, "Upgrading", says what its numbers promise."""
