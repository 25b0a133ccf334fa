"""The rejected rows of a table, by reason, with examples."""

import argparse

from etl.core.cli import at_least, given, settings_option

EXAMPLE = "python -m etl rejects fact_sales --examples 10"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    settings_option(parser)
    parser.add_argument("table", nargs="?", type=given, help="a star table (without it: how many each has)")
    parser.add_argument("--run", type=given, help="another star run than the newest")
    parser.add_argument(
        "--examples", type=at_least(0), default=3, metavar="N", help="examples of each reason (default: 3)"
    )
    parser.add_argument("--full", action="store_true", help="do not cut long rows")
    parser.add_argument("--show-personal", action="store_true", help="show personal data (pii=True), too")


def run(options: argparse.Namespace) -> None:
    """Print the rows."""
    from etl.look.rejects import show

    show(
        options.env,
        options.table,
        options.run,
        examples=options.examples,
        full=options.full,
        show_personal=options.show_personal,
    )
