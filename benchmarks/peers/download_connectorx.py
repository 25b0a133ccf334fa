"""One table to CSV by ConnectorX, over two connections, as Arrow: URL, file with the query, CSV to write."""

import sys
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import connectorx as cx
import pyarrow.csv as pacsv

url, query, out = sys.argv[1:]
parts = urlsplit(url)
host = quote(parse_qs(parts.query)["host"][0], safe="")  # it wants the socket's folder where others have a host
sql = Path(query).read_text()
halves = [f"SELECT * FROM ({sql}) AS every WHERE contract_id % 2 = {half}" for half in (0, 1)]
pacsv.write_csv(cx.read_sql(f"postgresql://{parts.username}@{host}:5432{parts.path}", halves, return_type="arrow"), out)
