#!/usr/bin/env python3
"""Stage 1: extract what the queries name into data/…/1_raw, as CSV."""

import sys

from etl import download
from etl.core.cli import script

if __name__ == "__main__":
    sys.exit(
        script(
            download.run,
            name="SQLDownloadMain.py",
            description="Extract every query of queries/ to CSV, all of a source from one snapshot.",
            example="./SQLDownloadMain.py --env prod.env --only contracts movements",
        )
    )
