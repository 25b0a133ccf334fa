"""A folder of CSV, Parquet and Excel files as a source, through DuckDB in memory."""
