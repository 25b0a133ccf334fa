"""Types that DuckDB alone has, by the names that its driver tells."""

import pyarrow as pa

from etl.download.types import DIGITS

NAMES = {
    "utinyint": pa.int64(),
    "usmallint": pa.int64(),
    "uinteger": pa.int64(),
    "ubigint": pa.decimal128(20, 0),
    "hugeint": pa.decimal128(DIGITS, 0),
    "uhugeint": pa.decimal128(DIGITS, 0),
    "timestamp_s": pa.timestamp("us"),
    "timestamp_ms": pa.timestamp("us"),
    '"null"': pa.string(),
}
