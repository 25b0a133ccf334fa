"""What the proof found, as a table in the terminal."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from etl.company.report import AS_OF, Report
from etl.core.safe_text import safe
from etl.dashboard.formats import shown
from powerbi.service.prove import Answer, by_context

_MOST = 30
"""Differences that are shown."""


def show(report: Report, answers: Sequence[Answer]) -> bool:
    """Print the proof; gives whether nothing differs."""
    console = Console()
    console.print(_summary(answers))
    wrong = [answer for answer in answers if answer.differs]
    if wrong:
        console.print(_differences(report, wrong[:_MOST]))
    compared = sum(answer.is_compared for answer in answers)
    print(
        f"{compared - len([a for a in wrong if a.is_compared]):,} of {compared:,} answers of Power BI are those of SQL."
    )
    if len(wrong) > _MOST:
        print(f"{len(wrong) - _MOST:,} more differ.")
    if any(answer.measure == AS_OF for answer in wrong):
        print("The model shows another night than the tables: refresh it, then prove again.")
    return not wrong


def _summary(answers: Sequence[Answer]) -> Table:
    table = Table("chosen", title="Power BI against SQL on the published tables", title_justify="left")
    for name in ("equal", "different", "only in Power BI"):
        table.add_column(name, justify="right")
    for context, found in by_context(answers):
        wrong = sum(answer.differs for answer in found)
        equal = sum(answer.is_compared and not answer.differs for answer in found)
        table.add_row(safe(str(context)), f"{equal:,}", f"{wrong:,}", f"{len(found) - equal - wrong:,}")
    return table


def _differences(report: Report, wrong: Sequence[Answer]) -> Table:
    table = Table("measure", "chosen", "Power BI", "SQL", title="Different", title_justify="left")
    for answer in wrong:
        format_ = report.measures[answer.measure].format
        sql = shown(answer.sql, format_) if answer.is_compared else "not asked"
        dax = answer.fault or shown(answer.dax, format_)
        table.add_row(*map(safe, (answer.measure, str(answer.context), dax, sql)))
    return table
