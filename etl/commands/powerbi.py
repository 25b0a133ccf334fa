"""Write the Power BI project of a company beside its report, or publish it (as python -m powerbi does)."""

import argparse

from etl.core.cli import settings_option

EXAMPLE = "python -m etl powerbi --env prod.env --check"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    settings_option(parser)
    for option, told in _OPTIONS.items():
        parser.add_argument(option, action="store_true", help=told)


_OPTIONS = {
    "--check": "write nothing; fail if the files are out of date",
    "--publish": "publish it to the Power BI service, refresh it there, and prove the numbers",
    "--prove": "ask what is published for every measure, and compare it with SQL",
    "--dry-run": "write nothing; with --publish, say what would be done",
    "--no-proof": "with --publish: do not ask the model that is published",
    "--lift-roles": "with --publish: take the roles off a published model while it is refreshed and asked",
}


def run(options: argparse.Namespace) -> int:
    """Write it: the program that does is beside the engine, and built upon it."""
    import os
    import subprocess
    import sys

    from config.paths import ROOT

    command = [sys.executable, "-P", "-m", "powerbi", "--env", str(options.env.absolute())]
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    chosen = [option for option in _OPTIONS if getattr(options, option.strip("-").replace("-", "_"))]
    return subprocess.run([*command, *chosen], env=os.environ | {"PYTHONPATH": path}, check=False).returncode
