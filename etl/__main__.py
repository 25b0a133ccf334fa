"""What `python -m etl`, and the command `etl` of an installed engine, do: see etl.commands."""

import sys
from typing import NoReturn

from etl.core.start import start


def main() -> NoReturn:
    """Do what the command line says, and exit."""
    start("etl")
    from etl import commands

    sys.exit(commands.main())


if __name__ == "__main__":
    main()
