#!/usr/bin/env python3
"""Stage 1: extract every query of queries/ to CSV in data/…/1_raw, all of a source from one snapshot."""

import sys
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))  # not there with PYTHONSAFEPATH

from etl.core.start import start

if __name__ == "__main__":
    start(__file__)
    from etl import download, published
    from etl.core.cli import script

    example = "--env prod.env --only contracts movements"
    run = partial(download.run, ask=published.head)
    sys.exit(script(run, "SQLDownloadMain.py", str(__doc__), example, extracts=True))
