"""The proof: every measure asked of the published semantic model, in some contexts, and held against SQL."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from etl.company.report import Report
from etl.contract.table import Contract
from etl.report.reach import answers
from etl.report.read import Read
from etl.report.sql import Composer
from powerbi.service.contexts import Context, contexts_of
from powerbi.service.dataset import QueryError
from powerbi.service.differ import differs

Ask = Callable[[str], Mapping[str, Any]]
"""What asks a DAX query for one row."""


@dataclass(frozen=True)
class Answer:
    """What a measure is in a context. fault: why Power BI does not say it.

    is_compared: whether it is known what it has to be: from SQL; or nothing, where it does not answer to the context.
    """

    context: Context
    measure: str
    dax: Any
    sql: Any
    is_compared: bool
    differs: bool
    fault: str = ""


def prove(report: Report, contracts: Mapping[str, Contract], ask: Ask, read: Read) -> list[Answer]:
    """Ask for every measure in every context. Raises RefreshError where the questions are refused."""
    composer = Composer(report, contracts)
    return [
        answer
        for context in contexts_of(report, composer, read)
        for answer in _answers(report, _expected(report, contracts, composer, context, read), context, ask)
    ]


def _expected(
    report: Report, contracts: Mapping[str, Contract], composer: Composer, context: Context, read: Read
) -> dict[str, Any]:
    """Return what SQL says; of measures that Power BI alone has, that those are nothing which do not answer."""
    in_sql = [name for name in report.measures if report.has_sql(name)]
    (row,) = read(composer.query(in_sql, None, context.filters)).to_pylist()
    tables = {column.partition(".")[0] for column in context.filters}
    silent = [name for name in report.measures if not all(answers(report, contracts, name, each) for each in tables)]
    return dict.fromkeys(silent) | {name: row[f"v{number}"] for number, name in enumerate(in_sql)}


def _answers(report: Report, sql: Mapping[str, Any], context: Context, ask: Ask) -> list[Answer]:
    names = list(report.measures)
    dax, faults = _asked(names, context, ask)
    found = []
    for name in names:
        value, fault = _as(sql.get(name), dax.get(name)), faults.get(name, "")
        wrong = bool(fault) or (name in sql and differs(report.measures[name].format, value, sql[name]))
        found.append(Answer(context, name, value, sql.get(name), name in sql, wrong, fault))
    return found


def _asked(names: Sequence[str], context: Context, ask: Ask) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the measures' values, and why some have none: all in one query, or each alone if that has a fault."""
    try:
        row = ask(query(names, context))
        return {name: row.get(f"v{number}") for number, name in enumerate(names)}, {}
    except QueryError as error:
        if len(names) == 1:
            return {}, {names[0]: error.message}
    values: dict[str, Any] = {}
    faults: dict[str, str] = {}
    for name in names:
        more, wrong = _asked([name], context, ask)
        values |= more
        faults |= wrong
    return values, faults


def query(names: Sequence[str], context: Context) -> str:
    """Return the DAX query for measures in a context; its columns are v0, v1 and so on."""
    columns = ",\n".join(f'"v{number}", [{name}]' for number, name in enumerate(names))
    return f"EVALUATE\n{context.chosen(f'ROW({columns})')}"


def _as(sql: Any, dax: Any) -> Any:
    """Return what was answered as what it is: JSON has no days and instants."""
    if not (isinstance(sql, dt.date) and isinstance(dax, str)):
        return dax
    try:
        found = dt.datetime.fromisoformat(dax)
    except ValueError:
        return dax
    return found.astimezone(dt.UTC).replace(tzinfo=None) if found.tzinfo else found


def by_context(answers: Sequence[Answer]) -> list[tuple[Context, list[Answer]]]:
    """Return the answers, context by context."""
    return [(context, list(group)) for context, group in groupby(answers, key=lambda answer: answer.context)]
