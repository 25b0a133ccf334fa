"""Everything that would fail the first night, each with its cure; exit code 0, 1 (warnings) or 2 (failures)."""

import argparse

from etl.core.cli import given, settings_option

EXAMPLE = "python -m etl doctor --env prod.env"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    settings_option(parser)
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    parser.add_argument(
        "--only", nargs="+", default=[], type=given, metavar="PART", help='examine only these, e.g. "source shop"'
    )
    parser.add_argument("--part", type=given, help=argparse.SUPPRESS)  # one, in this process


def run(options: argparse.Namespace) -> int:
    """Examine."""
    if options.part:
        from etl.doctor.examine import examine_part

        examine_part(options.env, options.part)
        return 0
    from etl.doctor.show import show

    return show(options.env, options.only, as_json=options.json)
