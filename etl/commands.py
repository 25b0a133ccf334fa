"""The whole night, looks at what it did and at what is published, the data dictionary."""

import argparse

from etl.core.cli import Parser, accept_option, at_least, check_printed, given, outermost, path, settings_option


def main() -> int:
    """Parse the command line and do what it says; returns the exit code."""
    parser = Parser(prog="python -m etl", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    night = commands.add_parser("night", help="the three stages in order, under one lock (what nightly.sh calls)")
    settings_option(night)
    accept_option(night)
    night.add_argument(
        "--due", type=given, metavar="HH:MM", help="run only if nothing was published since the last HH:MM"
    )
    sql = commands.add_parser("sql", help='query the published tables: python -m etl sql "SELECT …"')
    settings_option(sql)
    sql.add_argument("query", help="SQL of the warehouse; unqualified names are the published tables")
    status = commands.add_parser(
        "status", help="the last nights, stage by stage; exit code 0 if the newest is published"
    )
    settings_option(status)
    status.add_argument("--nights", type=at_least(1), default=7, metavar="N", help="how many nights (default: 7)")
    why = commands.add_parser("why", help="how a table's figures came about: rows, rejects, receipt, lineage")
    settings_option(why)
    why.add_argument("table", type=given, help="a star table or a query")
    rejects = commands.add_parser("rejects", help="the rejected rows of a table, by reason, with examples")
    settings_option(rejects)
    rejects.add_argument("table", nargs="?", type=given, help="a star table (without it: how many each has)")
    rejects.add_argument("--run", type=given, help="another star run than the newest")
    rejects.add_argument(
        "--examples", type=at_least(0), default=3, metavar="N", help="examples of each reason (default: 3)"
    )
    rejects.add_argument("--full", action="store_true", help="do not cut long rows")
    rejects.add_argument("--show-personal", action="store_true", help="show personal data (pii=True), too")
    dashboard = commands.add_parser("dashboard", help="write the report as one HTML file, which needs no Power BI")
    settings_option(dashboard)
    dashboard.add_argument(
        "--output", type=path, metavar="FILE", help="the file to write (default: in the data folder)"
    )
    dashboard.add_argument("--from-star", action="store_true", help="show the newest star, even if it is not published")
    docs = commands.add_parser("docs", help="write the data dictionary, and the list in docs/tables.md")
    settings_option(docs)
    docs.add_argument(
        "--output",
        type=path,
        metavar="FOLDER",
        help="the folder to write to (default: docs next to the tables' folder)",
    )
    options = parser.parse_args()
    return outermost(lambda: _do(options), options.env)


def _do(options: argparse.Namespace) -> int | None:
    """Do what the command line says; the imports are here, where an interruption is caught."""
    if options.command == "night":
        from etl.night import run_night

        return run_night(options.env, tuple(options.accept), options.due)
    code = _show(options)
    check_printed()
    return code


def _show(options: argparse.Namespace) -> int:
    if options.command in ("status", "why", "rejects"):
        return _look(options)
    if options.command == "dashboard":
        from etl.dashboard.make import show as show_dashboard

        show_dashboard(options.env, options.output, from_star=options.from_star)
        return 0
    if options.command == "docs":
        from etl.docs.make import show as show_docs

        show_docs(options.env, options.output)
        return 0
    from etl.look.sql import show

    show(options.env, options.query)
    return 0


def _look(options: argparse.Namespace) -> int:
    from etl.look import rejects, status, why

    if options.command == "status":
        return status.show(options.env, options.nights)
    if options.command == "why":
        why.show(options.env, options.table)
    else:
        rejects.show(
            options.env,
            options.table,
            options.run,
            examples=options.examples,
            full=options.full,
            show_personal=options.show_personal,
        )
    return 0
