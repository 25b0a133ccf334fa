"""The star's CSVs to Parquet by duckdb: a JSON with each table's files and types, folder to write."""

import json
import sys
from pathlib import Path

import duckdb

tables, out = json.loads(Path(sys.argv[1]).read_text()), sys.argv[2]
connection = duckdb.connect()
connection.execute(f"SET temp_directory = '{out}/spill'; SET preserve_insertion_order = false; SET TimeZone = 'UTC'")
for name, table in tables.items():
    source = f"read_csv({table['files']}, header = true, auto_detect = false, quote = '\"', columns = {table['types']})"
    connection.execute(f"COPY (FROM {source}) TO '{out}/{name}.parquet' (FORMAT parquet, COMPRESSION zstd)")
