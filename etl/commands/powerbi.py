"""Write the Power BI project of a company beside its report (as python -m powerbi does)."""

import argparse

from etl.core.cli import settings_option

EXAMPLE = "python -m etl powerbi --env prod.env --check"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    settings_option(parser)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the files are out of date")


def run(options: argparse.Namespace) -> int:
    """Write it: the program that does is beside the engine, and built upon it."""
    import os
    import subprocess
    import sys

    from config.paths import ROOT

    command = [sys.executable, "-P", "-m", "powerbi", "--env", str(options.env.absolute())]
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    check = ["--check"] if options.check else []
    return subprocess.run([*command, *check], env=os.environ | {"PYTHONPATH": path}, check=False).returncode
