"""TPC-H's fact by polars, lazily: folder of raw CSVs, of the star's CSVs, CSV or Parquet to write."""

import sys

import polars as pl
from sinks import write

raw, star, out = sys.argv[1:]
MONEY = pl.Decimal(15, 2)
TYPES = {
    "l_orderkey": pl.Int64, "l_linenumber": pl.Int32, "o_custkey": pl.Int32, "l_suppkey": pl.Int32,
    "l_partkey": pl.Int32, "o_orderdate": pl.Date, "l_shipdate": pl.Date, "l_commitdate": pl.Date,
    "l_receiptdate": pl.Date, "l_quantity": MONEY, "l_extendedprice": MONEY, "l_discount": MONEY, "l_tax": MONEY,
    "l_returnflag": pl.String, "l_linestatus": pl.String, "l_shipmode": pl.String, "l_comment": pl.String,
}  # fmt: skip


def members(name: str) -> pl.LazyFrame:
    """Read a dimension's number and surrogate key, without its unknown member."""
    key, number = f"{name}_key", f"{name}_id"
    frame = pl.scan_csv(f"{star}/dim_{name}.*csv", schema_overrides={key: pl.Int64, number: pl.Int32})
    return frame.filter(pl.col(key) != 0).select(key, number)


def share(number: pl.Expr) -> pl.Expr:
    """Return hundredths as whole numbers, whose products are exact."""
    return (number * 100).cast(pl.Int64)


cents, kept, taxed = (
    (pl.col("l_extendedprice") * 100).cast(pl.Int64),
    100 - share(pl.col("l_discount")),
    100 + share(pl.col("l_tax")),
)
revenue = cents * kept
lines = (
    pl.scan_csv(f"{raw}/lines.csv", schema=TYPES)
    .with_columns(
        revenue=revenue.cast(pl.Decimal(30, 0)) / pl.lit(10_000).cast(pl.Decimal(30, 4)),
        charge=(revenue * taxed).cast(pl.Decimal(36, 0)) / pl.lit(1_000_000).cast(pl.Decimal(36, 6)),
    )
    .join(members("customer"), left_on="o_custkey", right_on="customer_id", how="left")
    .join(members("supplier"), left_on="l_suppkey", right_on="supplier_id", how="left")
    .join(members("part"), left_on="l_partkey", right_on="part_id", how="left")
)
found = lines.select(
    order_id="l_orderkey",
    line_number="l_linenumber",
    customer_key=pl.col("customer_key").fill_null(0),
    supplier_key=pl.col("supplier_key").fill_null(0),
    part_key=pl.col("part_key").fill_null(0),
    ordered_on="o_orderdate",
    shipped_on="l_shipdate",
    committed_on="l_commitdate",
    received_on="l_receiptdate",
    quantity="l_quantity",
    price="l_extendedprice",
    revenue="revenue",
    charge="charge",
    return_flag="l_returnflag",
    line_status="l_linestatus",
    ship_mode="l_shipmode",
    comment="l_comment",
)
write(found, out)
