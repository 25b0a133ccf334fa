"""Show a star table, or a query, on a slice of its source: checks, rejects, columns, the first rows.

Nothing is committed or published, and a night may be under way. Errors are those that a night would have.
"""

import argparse

from etl.core.cli import at_least, given, settings_option

EXAMPLE = "python -m etl preview fact_sales --rows 5000"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    settings_option(parser)
    parser.add_argument("name", type=given, help="a star table or a query")
    parser.add_argument(
        "--rows", type=at_least(1), default=1000, metavar="N", help="rows of the source to read (default: 1000)"
    )
    parser.add_argument("--first", type=at_least(0), default=3, metavar="N", help="rows to print (default: 3)")
    parser.add_argument("--from-raw", action="store_true", help="read the newest raw run, and ask no source")
    parser.add_argument("--show-personal", action="store_true", help="show personal data (pii=True), too")


def run(options: argparse.Namespace) -> None:
    """Print it."""
    from etl.preview.show import preview

    preview(
        options.env,
        options.name,
        options.rows,
        options.first,
        raw=options.from_raw,
        show_personal=options.show_personal,
    )
