#!/usr/bin/env python3
"""Stage 3: load the star into BigQuery (or the embedded DuckDB) and publish all tables in one transaction."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))  # not there with PYTHONSAFEPATH

from etl.core.start import start

if __name__ == "__main__":
    start(__file__)
    from etl import load
    from etl.core.cli import script

    sys.exit(script(load.run, "LoadFilesBQ.py", str(__doc__), "--env prod.env --dry-run", publishes=True))
