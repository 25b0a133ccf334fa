"""A DuckDB file as the warehouse: the sample, and whoever needs no Google account."""
