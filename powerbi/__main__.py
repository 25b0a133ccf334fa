"""Write the Power BI project from the contracts, the measures and the pages, beside these: powerbi/CloudServices/."""

import sys
from pathlib import Path

from etl.core.start import start

if __name__ == "__main__":
    start("powerbi")

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from etl.core.cli import outermost, settings_option
from etl.core.errors import ContractError
from etl.core.parser import Parser

if TYPE_CHECKING:
    from powerbi.service.command import Company


def main() -> int:
    """Parse the command line and do it; gives the exit code."""
    parser = Parser(prog="python -m powerbi", description=__doc__)
    settings_option(parser)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true", help="write nothing; fail if the files are out of date")
    what.add_argument(
        "--publish",
        action="store_true",
        help="write nothing here, but publish to the Power BI service: create or update semantic model and report in"
        " the workspace of the settings, refresh, and prove the numbers",
    )
    what.add_argument(
        "--prove", action="store_true", help="ask what is published for every measure, and compare it with SQL"
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="write nothing; fail if the project would be faulty; with --publish, say what would be done",
    )
    roles = parser.add_mutually_exclusive_group()
    roles.add_argument("--no-proof", action="store_true", help="with --publish: do not ask the model that is published")
    roles.add_argument(
        "--lift-roles",
        action="store_true",
        help="with --publish: take the roles off a published model while it is refreshed and asked",
    )
    parser.add_argument(
        "--drop-roles",
        action="store_true",
        help="with --publish: take those roles off a published model for good that the report does not declare",
    )
    options = parser.parse_args()
    if (options.no_proof or options.lift_roles or options.drop_roles) and not options.publish:
        parser.error("--no-proof, --lift-roles and --drop-roles belong to --publish")
    return outermost(lambda: _run(options), options.env)


def _run(options: Any) -> int:
    company, years = _made(options.env)
    if options.publish:
        from powerbi.service.command import publish_it

        return publish_it(
            company,
            has_proof=not options.no_proof,
            lift_roles=options.lift_roles,
            drop_roles=options.drop_roles,
            dry_run=options.dry_run,
        )
    if options.prove:
        from powerbi.service.command import prove_it

        return prove_it(company)
    if not options.dry_run:
        _renew(company, years, check=options.check)
    return 0


def _made(settings_file: Path) -> tuple["Company", Mapping[str, int]]:
    """Make the project of a company. Raises ContractError where it would be faulty."""
    import config
    from etl.company.report import read_report
    from etl.dashboard.rehearse import rehearse
    from etl.load.etl_runs import published_contracts
    from powerbi.check import faults_of
    from powerbi.project import project_files
    from powerbi.service.command import Company
    from powerbi.years import newest_year, windows

    settings = config.load(settings_file)
    report = read_report(settings.report_folder)
    contracts = published_contracts(settings.tables_dir)
    rehearse(report, contracts)
    years = windows(settings, contracts)
    files = project_files(report, contracts, years, newest_year(settings))
    if faults := faults_of(files):
        raise ContractError(
            "The Power BI project would be faulty:\n  " + "\n  ".join(faults),
            "Correct what each line names, in the report's files or in the contracts.",
        )
    return Company(settings, report, contracts, files), years


def _renew(company: "Company", years: Mapping[str, int], *, check: bool) -> None:
    """Write the project's files, or check them."""
    from powerbi.folder import check_folder, left_over, stale_files, told, write
    from powerbi.report import name_of

    folder = company.settings.report_folder / name_of(company.report)
    if check:
        check_folder(folder, company.files)
    stale = stale_files(folder, company.files)
    write(folder, company.files, stale)
    print(f"{folder}: {len(company.files)} files, {len(stale)} of them changed.")
    if left := left_over(folder):
        print(told(left))
    for name, contract in company.contracts.items():
        if contract.settled_after is not None and name not in years:
            print(
                f"{name}: every refresh reads all of it, because nothing here says from which year on rows are"
                " published, or they do not all lie in the past."
            )


if __name__ == "__main__":
    sys.exit(main())
