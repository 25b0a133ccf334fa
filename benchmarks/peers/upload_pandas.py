"""The star's CSVs to Parquet as load_table_from_dataframe does: a JSON with each table's files, folder to write.

The BigQuery client turns the frame into Arrow and writes it with Parquet's usual compression, snappy.
"""

import json
import sys
from pathlib import Path

import pandas as pd

tables, out = json.loads(Path(sys.argv[1]).read_text()), sys.argv[2]
for name, table in tables.items():
    dates = [column for column, kind in table["types"].items() if kind in ("DATE", "TIMESTAMPTZ")]
    frame = pd.concat([pd.read_csv(file, parse_dates=dates) for file in table["files"]], ignore_index=True)
    frame.to_parquet(f"{out}/{name}.parquet", index=False)
