#!/usr/bin/env python3
"""Stage 2: build every table of tables/ from the raw CSVs into data/…/2_star, checked against its contract."""

import sys
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))  # not there with PYTHONSAFEPATH

from etl.core.start import start

if __name__ == "__main__":
    start(__file__)
    from etl import published, transform
    from etl.core.cli import script

    run = partial(transform.run, ask=published.ask)
    sys.exit(script(run, "TablesTransformMain.py", str(__doc__), "--env prod.env --from 20300331T023000Z"))
