#!/usr/bin/env python3
"""Stage 2: build the star of tables/ from the newest raw run into data/…/2_star."""

import sys

from etl import transform
from etl.core.cli import script

if __name__ == "__main__":
    sys.exit(
        script(
            transform.run,
            name="TablesTransformMain.py",
            description="Build every table of tables/ from the raw CSVs, checked against its contract.",
            example="./TablesTransformMain.py --env prod.env --from 20300131T023000Z",
        )
    )
