"""Make the folder of a new company: settings, a calendar, a report, a crontab; nothing that is there is overwritten."""

import argparse

from etl.core.cli import given, path

EXAMPLE = "python -m etl init /srv/shop --from postgresql://etl_reader@db.internal:5432/shop"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("folder", type=path, metavar="FOLDER", help="the folder, which need not be there yet")
    parser.add_argument(
        "--from",
        dest="source",
        type=given,
        metavar="URL",
        help="its source database's URL, as SOURCE_<NAME>_URL; a password in it is written to a line of its own",
    )


def run(options: argparse.Namespace) -> None:
    """Make it."""
    from etl.start_company.make import make_company

    make_company(options.folder, options.source)
