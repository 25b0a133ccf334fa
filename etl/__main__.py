"""What `python -m etl` does: see etl.commands."""

import sys

from etl.core.start import start

if __name__ == "__main__":
    start("etl")
    from etl.commands import main

    sys.exit(main())
