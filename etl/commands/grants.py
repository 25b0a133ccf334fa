"""The least that the night needs: statements for a role that only reads, and BigQuery's permissions."""

import argparse

from etl.core.cli import given, settings_option

EXAMPLE = "python -m etl grants --env prod.env shop"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    settings_option(parser)
    parser.add_argument(
        "only", nargs="*", type=given, metavar="NAME", help="a source's name, or bigquery (without it: all)"
    )
    parser.add_argument(
        "--role", type=given, default="etl_reader", help="the name of the role to make (default: etl_reader)"
    )


def run(options: argparse.Namespace) -> None:
    """Print the statements; nothing is run."""
    from etl.grants.show import show

    show(options.env, options.only, options.role)
