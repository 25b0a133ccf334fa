"""How a table's figures came about: rows, rejects, receipt, lineage."""

import argparse

from etl.core.cli import given, settings_option

EXAMPLE = "python -m etl why fact_sales"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    settings_option(parser)
    parser.add_argument("table", type=given, help="a star table or a query")


def run(options: argparse.Namespace) -> None:
    """Print it."""
    from etl.look.why import show

    show(options.env, options.table)
