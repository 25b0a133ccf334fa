"""Write the data dictionary, and the list in docs/tables.md."""

import argparse

from etl.core.cli import path, settings_option

EXAMPLE = "python -m etl docs --env prod.env"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    settings_option(parser)
    parser.add_argument(
        "--output",
        type=path,
        metavar="FOLDER",
        help="the folder to write to (default: docs next to the tables' folder)",
    )


def run(options: argparse.Namespace) -> None:
    """Write them."""
    from etl.docs.make import show

    show(options.env, options.output)
