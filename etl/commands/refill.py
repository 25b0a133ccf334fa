"""Make published tables anew whose contracts changed, and fill them from the star."""

import argparse

from etl.core.cli import accept_option, given, refresh_option, settings_option

EXAMPLE = "python -m etl refill dim_client fact_sales --dry-run"
WORKS = True


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    settings_option(parser)
    parser.add_argument("table", nargs="+", type=given, help="the tables that the refusal of the load names")
    parser.add_argument("--dry-run", action="store_true", help="print the SQL that would be run; write nothing")
    accept_option(parser)
    refresh_option(parser)


def run(options: argparse.Namespace) -> None:
    """Make the tables anew."""
    from etl.refill import refill

    tables, accept = tuple(dict.fromkeys(options.table)), tuple(dict.fromkeys(options.accept))
    refill(options.env, tables, accept, dry_run=options.dry_run, refresh=options.refresh)
