"""Write the report as one HTML file, which needs no Power BI."""

import argparse

from etl.core.cli import path, settings_option

EXAMPLE = "python -m etl dashboard --output report.html"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    settings_option(parser)
    parser.add_argument("--output", type=path, metavar="FILE", help="the file to write (default: in the data folder)")
    parser.add_argument(
        "--hand-on", action="store_true", help="also copy it and mail it, as nights do: DASHBOARD_COPY_TO and _MAIL_TO"
    )
    parser.add_argument("--from-star", action="store_true", help="show the newest star, even if it is not published")


def run(options: argparse.Namespace) -> None:
    """Write it."""
    from etl.dashboard.make import show

    show(options.env, options.output, from_star=options.from_star, hand_on=options.hand_on)
