"""Query the published tables."""

import argparse

from etl.core.cli import at_least, given, settings_option

EXAMPLE = 'python -m etl sql "SELECT count(*) FROM fact_sales"'


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    settings_option(parser)
    parser.add_argument(
        "query",
        type=given,
        help="SQL of the warehouse, a file of it (report.sql), or - to read it from standard input;"
        " unqualified names are the published tables",
    )
    style = parser.add_mutually_exclusive_group()
    styles = {
        "csv": 'print CSV: NULL is nothing, an empty text is ""',
        "json": "print a JSON object a line; decimals keep all their digits",
        "vertical": "print a line a column, as is done where a terminal is too narrow for the columns",
    }
    for name, meaning in styles.items():
        style.add_argument(f"--{name}", dest="style", action="store_const", const=name, help=meaning)
    parser.add_argument("--limit", type=at_least(0), metavar="N", help="print no more than N rows")


def run(options: argparse.Namespace) -> None:
    """Print what the query gives."""
    from etl.look.sql import show

    show(options.env, options.query, options.style, options.limit)
