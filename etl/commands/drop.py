"""Take a published table away whose table file is gone; what it held is kept for a week."""

import argparse

from etl.core.cli import given, settings_option

EXAMPLE = "python -m etl drop fact_web_day"
WORKS = True


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    settings_option(parser)
    parser.add_argument("table", type=given, help="the table that each load warns of")


def run(options: argparse.Namespace) -> None:
    """Take it away."""
    from etl.refill import drop

    drop(options.env, options.table)
