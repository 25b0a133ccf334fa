"""One table to CSV by dlt, its pyarrow backend, into a folder: URL, name of a view of the query, folder to write."""

import os
import sys
from pathlib import Path

url, view, out = sys.argv[1:]
folder = Path(out).absolute()
os.environ |= {
    "DLT_DATA_DIR": str(folder / "home"),
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "NORMALIZE__DATA_WRITER__DISABLE_COMPRESSION": "true",
    "DATA_WRITER__DISABLE_COMPRESSION": "true",
    "LOAD__DELETE_COMPLETED_JOBS": "true",
}

import dlt  # noqa: E402 - it reads its settings when it is imported
from dlt.destinations import filesystem  # noqa: E402
from dlt.sources.sql_database import sql_table  # noqa: E402

table = sql_table(url.replace("postgresql:", "postgresql+psycopg2:", 1), view, backend="pyarrow", chunk_size=100_000)
pipeline = dlt.pipeline("benchmark", destination=filesystem(str(folder / "csv")), dataset_name="raw")
pipeline.run(table, loader_file_format="csv", write_disposition="replace").raise_on_failed_jobs()
