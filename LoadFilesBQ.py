#!/usr/bin/env python3
"""Stage 3: publish the newest star in the warehouse, all tables in one transaction."""

import sys

from etl import load
from etl.core.cli import script

if __name__ == "__main__":
    sys.exit(
        script(
            load.run,
            name="LoadFilesBQ.py",
            description="Load the star into BigQuery (or the embedded DuckDB) and publish all tables at once.",
            example="./LoadFilesBQ.py --env prod.env --dry-run",
            publishes=True,
        )
    )
