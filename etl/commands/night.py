"""The three stages in order, under one lock (what nightly.sh calls)."""

import argparse

from etl.core.cli import accept_option, extent_options, given, settings_option

EXAMPLE = "python -m etl night --env prod.env"
WORKS = True


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    settings_option(parser)
    accept_option(parser)
    extent_options(parser)
    parser.add_argument(
        "--due", type=given, metavar="HH:MM", help="run only if nothing was published since the last HH:MM"
    )


def run(options: argparse.Namespace) -> int:
    """Run the night."""
    from etl.night import run_night

    return run_night(options.env, tuple(options.accept), options.due, full=options.full, since=options.since)
