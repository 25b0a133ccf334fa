"""Draft queries and table files from a source's catalogue.

A TABLE is drafted as a fact, with all that it refers to as dimensions. Files that are there are never overwritten.
"""

import argparse

from etl.core.cli import given, settings_option

EXAMPLE = "python -m etl draft shop orders --env prod.env"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    settings_option(parser)
    parser.add_argument(
        "source", nargs="?", type=given, help="a source's name in the settings: shop is SOURCE_SHOP_URL"
    )
    parser.add_argument("tables", nargs="*", type=given, metavar="TABLE", help="a fact (without one: list the tables)")
    parser.add_argument(
        "--noted", action="store_true", help="note the catalogue as it is: your files follow what it changed"
    )


def run(options: argparse.Namespace) -> None:
    """Write the files, or list the tables."""
    from etl.draft.make import draft

    draft(options.env, options.source, options.tables, noted=options.noted)
