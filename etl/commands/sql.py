"""Query the published tables."""

import argparse

from etl.core.cli import settings_option

EXAMPLE = 'python -m etl sql "SELECT count(*) FROM fact_sales"'


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    settings_option(parser)
    parser.add_argument("query", help="SQL of the warehouse; unqualified names are the published tables")


def run(options: argparse.Namespace) -> None:
    """Print what the query gives."""
    from etl.look.sql import show

    show(options.env, options.query)
