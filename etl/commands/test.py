"""Check a company's files against each other, and run the tests of its tables."""

import argparse

from etl.core.cli import settings_option

EXAMPLE = "python -m etl test --env prod.env -k calendar"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    settings_option(parser)
    parser.add_argument(
        "others",
        nargs=argparse.REMAINDER,
        metavar="PYTEST",
        help="arguments of pytest, behind --env: tests/test_dim_date.py, -k calendar, -x … (default: all tests)",
    )


def run(options: argparse.Namespace) -> int:
    """Run them."""
    from etl.testing.run import run_tests

    return run_tests(options.env, options.others)
