"""Publish again what was published before, at once; the next night stands on that."""

import argparse

from etl.core.cli import accept_option, given, refresh_option, settings_option

EXAMPLE = "python -m etl undo --dry-run"
WORKS = True


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    settings_option(parser)
    parser.add_argument("--to", type=given, metavar="RUN", help="go back to what this run published")
    parser.add_argument("--dry-run", action="store_true", help="say what would be published; write nothing")
    accept_option(parser)
    refresh_option(parser)


def run(options: argparse.Namespace) -> None:
    """Go back."""
    from etl.undo import undo

    accept = tuple(dict.fromkeys(options.accept))
    undo(options.env, options.to, accept, dry_run=options.dry_run, refresh=options.refresh)
