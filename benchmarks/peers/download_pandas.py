"""One table to CSV by pandas: URL, file with the query, CSV to write."""

import sys
from pathlib import Path

import pandas as pd
import sqlalchemy

url, query, out = sys.argv[1:]
engine = sqlalchemy.create_engine(url.replace("postgresql:", "postgresql+psycopg2:", 1))
frame = pd.read_sql_query(sqlalchemy.text(Path(query).read_text()), engine)
frame.to_csv(out, index=False)
