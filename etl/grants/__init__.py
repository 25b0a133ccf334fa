"""The least that the night needs: statements that make a role for it, on each source and in BigQuery.

They are printed, and never run. A kind of source has a function in `sources.py`, found by its name.
"""
