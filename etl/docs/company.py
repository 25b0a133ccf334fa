"""All that a company declares: its queries, its tables, and its report if it has one."""

from dataclasses import dataclass
from functools import cached_property

from config import Settings
from etl.company.plan import make_plan
from etl.company.queries import Query, read_queries
from etl.company.report import Report, read_report
from etl.company.tables import TableFile, read_tables
from etl.contract.table import Contract
from etl.core.names import query_files
from etl.download.stage import dialects_of
from etl.load.etl_runs import ETL_RUNS


@dataclass(frozen=True)
class Company:
    """What is declared, each by name."""

    queries: dict[str, Query]
    tables: dict[str, TableFile]
    report: Report | None

    @cached_property
    def contracts(self) -> dict[str, Contract]:
        """The contracts of all that is published: the star, and the engine's own table."""
        return {name: table.contract for name, table in self.tables.items()} | {ETL_RUNS.name: ETL_RUNS}


def read_company(settings: Settings) -> Company:
    """Read what the settings name; a new company has no query yet. Raises ContractError naming what is at fault."""
    folder = settings.queries_dir
    queries = read_queries(folder, dialects_of(settings)) if query_files(folder) else {}
    tables = read_tables(settings.tables_dir)
    make_plan(tables, list(queries))  # refuses names that match nothing
    return Company(queries, tables, read_report(settings.report_folder) if settings.has_report else None)
