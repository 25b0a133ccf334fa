"""The whole night, a look into the published tables, the README's list of tables."""

import argparse
import sys

from etl.core.cli import accept_option, outermost, settings_option


def main() -> int:
    """Parse the command line and do what it says; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m etl", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    night = commands.add_parser("night", help="the three stages in order, under one lock (what nightly.sh calls)")
    settings_option(night)
    accept_option(night)
    night.add_argument("--due", metavar="HH:MM", help="only if none was published since the clock last showed HH:MM")
    sql = commands.add_parser("sql", help='query the published tables: python -m etl sql "SELECT …"')
    settings_option(sql)
    sql.add_argument("query", help="SQL of the warehouse; unqualified names are the published tables")
    commands.add_parser("docs", help="renew the README's list of tables from the contracts")
    options = parser.parse_args()
    return outermost(lambda: _do(options))


def _do(options: argparse.Namespace) -> int | None:
    """Do what the command line says; the imports are here, where an interruption is caught."""
    if options.command == "night":
        from etl.night import run_night

        return run_night(options.env, tuple(options.accept), options.due)
    if options.command == "docs":
        _renew_readme()
        return None
    from etl.load.look import show

    show(options.env, options.query)
    return None


def _renew_readme() -> None:
    from config.paths import ROOT
    from etl.docs import renewed

    readme = ROOT / "README.md"
    readme.write_text(renewed(readme.read_text(encoding="utf-8"), ROOT / "tables"), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
