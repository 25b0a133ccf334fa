"""BigQuery: who we are there, what we may, whether it bills, and its clock. Dry runs, and a temporary table of ours."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from google.api_core.exceptions import NotFound
from google.cloud import bigquery

from etl.doctor.check import Finding, UnseenError, check, failure, ok, warning
from etl.doctor.warehouse import SeenWarehouse
from etl.load.bigquery.client import connector
from etl.load.bigquery.errors import FAULTS, Explainer, patient
from etl.load.bigquery.permissions import TABLES
from etl.load.bigquery.sql import PROBE

_TIMEOUT, _PATIENCE = 10.0, 4.0
"""Seconds for an answer, and for asking again."""
_SKEW, _TOO_MUCH = 60, 300
"""Seconds by which our clock may differ; from the second on, Google takes no signed request for a token."""
_CURE = "Grant it what `python -m etl grants` prints for BigQuery."


class _Asked:
    """A client for short questions."""

    def __init__(self, seen: SeenWarehouse) -> None:
        settings = seen.company.settings
        self.project, self.name = str(settings.bigquery_project), str(settings.bigquery_dataset)
        self.dataset = f"{self.project}.{self.name}"
        self._client = connector(settings)()
        self._explainer = Explainer(self.project, self.name)

    def dry(self, sql: str, doing: str) -> Finding | None:
        """Let BigQuery say whether it would run a statement; what it refuses is a failure."""
        config = bigquery.QueryJobConfig(dry_run=True, use_query_cache=False)
        return self._try(doing, lambda: self._client.query(sql, config, **self._once))

    def rows_change(self) -> Finding | None:
        """Change a row of nobody's, which a project without billing refuses."""
        retry = patient(_PATIENCE)
        return self._try(
            "changing a row", lambda: self._client.query(PROBE, **self._once).result(retry=retry, timeout=_TIMEOUT)
        )

    def is_there(self, dataset: str) -> bool:
        """Whether there is a dataset."""
        try:
            self._client.get_dataset(dataset, retry=patient(_PATIENCE), timeout=_TIMEOUT)
        except NotFound:
            return False
        except FAULTS as error:
            raise self._explained(f"looking into {dataset}", error) from None
        return True

    def lacking(self, table: str) -> list[str] | None:
        """Name the permissions that we lack on a table; None where there is no such table."""
        try:
            told = self._client.test_iam_permissions(table, list(TABLES), retry=patient(_PATIENCE), timeout=_TIMEOUT)
        except NotFound:
            return None
        except FAULTS as error:
            raise self._explained(f"asking for our permissions on {table}", error) from None
        return [name for name in TABLES if name not in told.get("permissions", ())]

    @property
    def _once(self) -> dict[str, Any]:
        return {"job_retry": None, "retry": patient(_PATIENCE), "timeout": _TIMEOUT}

    def _try(self, doing: str, call: Callable[[], object]) -> Finding | None:
        try:
            call()
        except FAULTS as error:
            told = self._explainer.error(doing, error)
            return failure(told.message, told.hint)
        return None

    def _explained(self, doing: str, error: BaseException) -> UnseenError:
        told = self._explainer.error(doing, error)
        return UnseenError(told.message, told.hint)


@check(finds="a clock that Google does not accept")
def clock(seen: SeenWarehouse) -> Iterator[Finding]:
    """Compare this machine's clock with the one of BigQuery's answers; nothing is asked that needs an account."""
    endpoint = str(seen.company.settings.bigquery_endpoint or "https://bigquery.googleapis.com").rstrip("/")
    try:
        with requests.get(endpoint, timeout=_TIMEOUT, stream=True) as answer:
            told = parsedate_to_datetime(answer.headers["Date"])
    except (requests.RequestException, KeyError, ValueError) as error:
        raise UnseenError(
            f"{endpoint} did not tell its time ({type(error).__name__}).", "Check the network and BIGQUERY_ENDPOINT."
        ) from None
    apart = abs((datetime.now(UTC) - told).total_seconds())
    if apart > _SKEW:
        say = failure if apart > _TOO_MUCH else warning
        yield say(f"This machine's clock is {apart:,.0f} s off BigQuery's.", "Set it by NTP: timedatectl set-ntp true.")
    else:
        yield ok("This machine's clock and BigQuery's agree.")


@check(finds="jobs that this account may not run")
def jobs(seen: SeenWarehouse) -> Iterator[Finding]:
    """Let BigQuery dry-run a query."""
    asked = _Asked(seen)
    yield asked.dry("SELECT 1", "dry-running a query") or ok(f"Queries may be run in the project {asked.project}.")


@check(finds="a project without billing")
def billing(seen: SeenWarehouse) -> Iterator[Finding]:
    """Do what a sandbox refuses, to a temporary table of a row."""
    yield _Asked(seen).rows_change() or ok("Rows may be changed by SQL: the project has billing.")


@check(finds="datasets and tables that this account may not create or change")
def permissions(seen: SeenWarehouse) -> Iterator[Finding]:
    """Ask for each published table's permissions, and dry-run what creates what is missing."""
    asked, found = _Asked(seen), list[Finding]()
    for dataset in (asked.dataset, f"{asked.dataset}_staging"):
        if not asked.is_there(dataset):
            refused = asked.dry(f"CREATE SCHEMA `{dataset}`", f"dry-running CREATE SCHEMA {dataset}")
        else:
            new = f"{dataset}.etl_doctor"
            refused = asked.dry(f"CREATE TABLE `{new}` (x INT64)", f"dry-running CREATE TABLE {new}")
        found += [refused] if refused else []
    for name in [*seen.company.tables, "etl_runs", "etl_head"]:
        if lacking := asked.lacking(f"{asked.dataset}.{name}"):
            found.append(failure(f"This account lacks {', '.join(lacking)} on {asked.dataset}.{name}.", _CURE))
    yield from found or [ok(f"This account may create and change what is in {asked.dataset} and its staging.")]
