"""Writing what a peer made, by polars: a CSV, or that and the Parquet beside it, as stage 2 does."""

from pathlib import Path

import polars as pl


def write(frame: pl.LazyFrame, out: str) -> None:
    """Write `out`; if that is a Parquet file, also a CSV of its name, out of the same work."""
    if out.endswith(".csv"):
        frame.sink_csv(out)
        return
    csv = frame.sink_csv(Path(out).with_suffix(".csv"), lazy=True)
    pl.collect_all([csv, frame.sink_parquet(out, compression="zstd", statistics=False, lazy=True)], engine="streaming")
