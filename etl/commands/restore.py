"""Make a data folder anew that was lost, of what is published: the next night goes on with the same keys."""

import argparse

from etl.core.cli import accept_option, settings_option

EXAMPLE = "python -m etl restore --dry-run"
WORKS = True


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    settings_option(parser)
    parser.add_argument("--dry-run", action="store_true", help="say what would be restored; write nothing")
    accept_option(parser)


def run(options: argparse.Namespace) -> None:
    """Restore."""
    from etl.restore import restore

    restore(options.env, tuple(dict.fromkeys(options.accept)), dry_run=options.dry_run)
