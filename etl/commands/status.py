"""The last nights, stage by stage; exit code 0 if the newest is published."""

import argparse

from etl.core.cli import at_least, settings_option

EXAMPLE = "python -m etl status --env prod.env --nights 30"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    settings_option(parser)
    parser.add_argument("--nights", type=at_least(1), default=7, metavar="N", help="how many nights (default: 7)")
    parser.add_argument("--json", action="store_true", help="print it as JSON, with times in UTC, for a monitor")


def run(options: argparse.Namespace) -> int:
    """Print the nights."""
    from etl.look.status import show

    return show(options.env, options.nights, as_json=options.json)
