"""Write the Power BI project from the contracts, the measures and the pages, beside these: powerbi/CloudServices/."""

import re
import sys
from pathlib import Path

from etl.core.start import start

if __name__ == "__main__":
    start("powerbi")

from etl.core.cli import outermost, settings_option
from etl.core.errors import ContractError
from etl.core.parser import Parser


def main() -> int:
    """Parse the command line and write; gives the exit code."""
    parser = Parser(prog="python -m powerbi", description=__doc__)
    settings_option(parser)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the files are out of date")
    parser.add_argument("--dry-run", action="store_true", help="write nothing; fail if the project would be faulty")
    options = parser.parse_args()
    return outermost(lambda: _renew(options.env, check=options.check, dry_run=options.dry_run), options.env)


def _renew(settings_file: Path, *, check: bool, dry_run: bool) -> None:
    import config
    from etl.company.report import read_report
    from etl.dashboard.rehearse import rehearse
    from etl.load.etl_runs import published_contracts
    from powerbi.check import faults_of
    from powerbi.project import project_files
    from powerbi.report import name_of
    from powerbi.years import windows

    settings = config.load(settings_file)
    report = read_report(settings.report_folder)
    folder = settings.report_folder / name_of(report)
    contracts = published_contracts(settings.tables_dir)
    rehearse(report, contracts)
    years = windows(settings, contracts)
    files = project_files(report, contracts, years)
    if faults := faults_of(files):
        raise ContractError(
            "The Power BI project would be faulty:\n  " + "\n  ".join(faults),
            "Correct what each line names, in the report's files or in the contracts.",
        )
    if dry_run:
        return
    stale = stale_files(folder, files)
    if check and stale:
        raise ContractError(f"{folder} is stale: {', '.join(stale)}.", "Run python -m powerbi.")
    write(folder, files, stale)
    print(f"{folder}: {len(files)} files, {len(stale)} of them changed.")
    for name, contract in contracts.items():
        if contract.settled_after is not None and name not in years:
            print(
                f"{name}: every refresh reads all of it, because nothing here says from which year on rows are"
                " published, or they do not all lie in the past."
            )


def write(folder: Path, files: dict[str, str], stale: list[str]) -> None:
    """Write what is stale, and remove what is one too many, with its folder: to Power BI that would be a visual."""
    for path in stale:
        target = folder / path
        if path in files:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(files[path], encoding="utf-8", newline="\n")
            continue
        target.unlink()
        for parent in target.relative_to(folder).parents:
            if not any((folder / parent).iterdir()):
                (folder / parent).rmdir()


def stale_files(folder: Path, files: dict[str, str]) -> list[str]:
    """Name the files that are not what they are to be; of those that are one too many, what an older run has written.

    What else is there is Power BI Desktop's, or a person's, and left alone.
    """
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    ours = {path for path in there if _OURS.search(path)}
    return sorted(
        path
        for path in ours | set(files)
        if path not in files or path not in there or (folder / path).read_bytes() != files[path].encode()
    )


_OURS = re.compile(
    r"[.]SemanticModel/definition/(tables/[^/]+|relationships)[.]tmdl$"
    r"|[.]Report/definition/pages/[^/]+/(page|visuals/.*/(visual|mobile))[.]json$"
    r"|[.]Report/definition/bookmarks/reset-[^/]+[.]bookmark[.]json$"
    r"|[.]Report/StaticResources/RegisteredResources/[^/]*Sober[.]json$"
)
"""The files of which there may be one too many: tables, relationships, pages, visuals, resets and themes."""


if __name__ == "__main__":
    sys.exit(main())
