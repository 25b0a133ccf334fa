"""`python -m etl`: the whole night, and a look into the published tables."""

import argparse
import sys

from etl.core.cli import outermost, settings_option


def main() -> int:
    """Parse the command line and do what it says; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m etl", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    night = commands.add_parser("night", help="the three stages in order, under one lock (what nightly.sh calls)")
    settings_option(night)
    sql = commands.add_parser("sql", help='query the published tables: python -m etl sql "SELECT …"')
    settings_option(sql)
    sql.add_argument("query", help="SQL of the warehouse; unqualified names are the published tables")
    options = parser.parse_args()
    if options.command == "night":
        from etl.night import run_night

        return run_night(options.env)
    from etl.load.look import show

    return outermost(lambda: show(options.env, options.query))


if __name__ == "__main__":
    sys.exit(main())
