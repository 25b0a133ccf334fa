"""The report's SQL, tried on tables without a row: what cannot be asked is told before there is a night to show."""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import pyarrow as pa

from etl.company.pages import Page
from etl.company.report import Report
from etl.contract.table import Contracts
from etl.core.duckdb_session import session
from etl.core.errors import ContractError
from etl.dashboard import formats
from etl.dashboard.answers import asked_rows
from etl.dashboard.asked import Source, asked
from etl.dashboard.data import MOST_SLICERS
from etl.dashboard.slicers import calendar_of
from etl.report.sql import Composer


def rehearse(report: Report, contracts: Contracts) -> None:
    """Ask for every measure and every visual. Raises ContractError naming the first one at fault."""
    composer = Composer(report, contracts)
    with session() as connection:
        for name, contract in contracts.items():
            connection.register(name, contract.schema.empty_table())

        def read(sql: str) -> pa.Table:
            return connection.sql(sql).to_arrow_table()

        for measure in report.measures.values():
            with _told(f"measure [{measure.name}]"):
                formats.check(measure.format)
                if report.has_sql(measure.name):
                    read(composer.query([measure.name]))
        for page in report.pages:
            _check_slicers(page, composer)
            for visual in page.visual:
                with _told(f"page {page.name}, visual “{visual.title}”"):
                    for part in visual.parts.values():
                        asked_rows(part, composer, read)
                        asked(part, page.slicers[:MOST_SLICERS], Source(report, composer, read, calendar_of(contracts)))
                    if visual.panels:
                        asked_rows(visual.model_copy(update={"by": visual.panels}), composer, read)


def _check_slicers(page: Page, composer: Composer) -> None:
    """Refuse a slicer that chooses among nothing that the page shows."""
    shown = {name for visual in page.visual for name in visual.measures}
    for slicer in page.slicers:
        if not any(composer.is_chosen(name, slicer.partition(".")[0]) for name in shown):
            raise ContractError(
                f"Page {page.name}: no visual answers to the slicer {slicer}.",
                "Leave it out, or show a measure of a table that refers to that one.",
            )


@contextmanager
def _told(where: str) -> Iterator[None]:
    """Say where a fault is."""
    try:
        yield
    except duckdb.Error as error:
        raise ContractError(
            f"{where}: {str(error).splitlines()[0]}",
            "Correct its sql, or that of the view which it is of: the line above says where DuckDB stopped.",
        ) from None
    except ContractError as error:
        raise ContractError(f"{where}: {error.message}", error.hint) from None
