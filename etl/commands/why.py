"""How a figure came about: a table's rows, rejects and receipt, or a measure; with its lineage."""

import argparse

from etl.core.cli import given, settings_option

EXAMPLE = 'python -m etl why "Net Revenue"'


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    settings_option(parser)
    parser.add_argument("table", type=given, help="a star table, a query, or a measure of the report")


def run(options: argparse.Namespace) -> None:
    """Print it."""
    from etl.look.why import show

    show(options.env, options.table)
