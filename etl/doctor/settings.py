"""The company's files: settings, queries, tables, corrections and report, every fault of each."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

from etl.company.corrections import check_expiry, read_corrections
from etl.company.plan import make_plan
from etl.company.queries import read_queries
from etl.company.report import read_report
from etl.company.tables import read_tables
from etl.core.clock import date_at
from etl.core.errors import EtlError
from etl.core.warehouse import about
from etl.dashboard.rehearse import rehearse
from etl.doctor.check import Finding, check, counted, failure, failures, ok, warning
from etl.doctor.company import Company
from etl.download.stage import dialects_of, needed_sources
from etl.load.etl_runs import ETL_RUNS
from etl.transform.hiding import key_of


@check(finds="settings that are missing, misspelt or open to others")
def settings(seen: Company) -> Iterator[Finding]:
    """Say what was read; faults were told before."""
    sources = ", ".join(sorted(seen.settings.sources)) or "no source"
    yield ok(f"{seen.settings_file} is read: {sources}, into {about(seen.settings).address}.")


@check(finds="queries whose header or SQL cannot be read")
def queries(seen: Company) -> Iterator[Finding]:
    """Read all of them, as the download does."""
    for fault in seen.query_faults:
        yield from failures(fault)
    if not seen.query_faults:
        found = read_queries(seen.settings.queries_dir, dialects_of(seen.settings))
        yield ok(f"{counted(len(found), 'query is', 'queries are')} read, in {seen.settings.queries_dir}.")


@check(finds="sources that queries need and nobody set, or that nobody reads")
def sources(seen: Company) -> Iterator[Finding]:
    """Compare what is set with what is named."""
    first = {query.source: query for query in reversed(seen.queries.values())}
    for query in first.values():
        yield from _of(partial(needed_sources, seen.settings, [query]))
    unread = sorted(set(seen.settings.sources) - {query.source for query in seen.queries.values()})
    for name in unread:
        yield warning(
            f"No query reads the source {name}.",
            f"Remove SOURCE_{name.upper()}_URL, or write `-- source: {name}` into the query that should read it.",
        )


@check(finds="table files whose contract or names are faulty")
def tables(seen: Company) -> Iterator[Finding]:
    """Read all of them, resolve what they ask for, and check what the warehouse could never take."""
    found = read_tables(seen.settings.tables_dir)
    about(seen.settings).check([table.contract for table in found.values()])
    key_of(seen.settings, [table.contract for table in found.values()])
    if not seen.query_faults:
        make_plan(found, list(seen.queries))
    told = counted(len(found), "table finds what it asks", "tables find what they ask")
    yield ok(f"{told} for, in {seen.settings.tables_dir}.")


@check(finds="corrections that are faulty or have expired")
def corrections(seen: Company) -> Iterator[Finding]:
    """Read them, and look at their dates."""
    found = read_corrections(seen.settings.tables_dir)
    check_expiry(found, date_at(datetime.now(UTC), seen.settings.business_time_zone))
    for one in found:
        if one.query not in seen.queries and not seen.query_faults:
            yield failure(f"{one.name} corrects {one.query}, which is no query.", "Correct its `query`, or remove it.")
    if found:
        yield ok(f"{counted(len(found), 'correction is', 'corrections are')} read.")


@check(finds="a report that cannot be read, or whose measures cannot be asked")
def report(seen: Company) -> Iterator[Finding]:
    """Read measures and pages, where there are any, and ask for all of them of tables without a row."""
    if seen.settings.has_report:
        found = read_report(seen.settings.report_folder)
        if contracts := {name: table.contract for name, table in seen.tables.items()}:
            rehearse(found, contracts | {ETL_RUNS.name: ETL_RUNS})
        yield ok(f"The report in {seen.settings.report_folder} is read: {len(found.measures)} measures.")


def _of(call: Callable[[], Any]) -> Iterator[Finding]:
    """Call what raises where something is wrong."""
    try:
        call()
    except EtlError as error:
        yield from failures(error)
