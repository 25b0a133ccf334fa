"""Making tables of BigQuery anew by jobs of their own, and taking tables away; what there was is kept for a week."""

import hashlib
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from google.api_core.exceptions import Forbidden, NotFound
from google.cloud import bigquery

from etl.contract.table import Contract
from etl.core.errors import WarehouseError
from etl.core.head import Head
from etl.load.bigquery import schema, sql
from etl.load.bigquery.anew import Anew, Protection, fence, full, script
from etl.load.bigquery.ensure import Preparation
from etl.load.bigquery.errors import Explainer
from etl.load.bigquery.jobs import CALL_TIMEOUT, LONGEST_JOB, ONCE, Jobs
from etl.load.bigquery.publish import Start, refused
from etl.load.bigquery.staging import job_prefix, label, staging_table
from etl.load.etl_runs import ETL_RUNS
from etl.load.refilling import copy_name, until
from etl.load.warehouse import Handover
from etl.receipts.bigquery import quoted

Prepare = Callable[[list[Contract], Collection[str]], Preparation]
"""Compares the tables with their contracts, of which the named ones may be made anew."""


class Refilling:
    """Makes tables anew. dataset: "project.dataset"; policy_tag: put on columns of personal data."""

    def __init__(self, client: bigquery.Client, jobs: Jobs, explainer: Explainer, dataset: str, start: Start) -> None:
        self._client, self._jobs, self._explainer, self._dataset, self._start = client, jobs, explainer, dataset, start

    def every(
        self, handovers: list[Handover], there: Preparation, policy_tag: str | None
    ) -> list[tuple[Handover, Anew]]:
        """Return what is to be made anew. there: how the tables differ."""
        found = []
        for handover in handovers:
            name, table = handover.contract.name, there.found[handover.contract.name]
            if table is None or name not in there.anew:
                continue
            wanted = schema.new_table(handover.contract, self._dataset, policy_tag)
            protection = self._protection(table, there.policies[name])
            staged = staging_table(self._dataset, handover)
            difference, ours = there.anew[name], frozenset(there.found)
            anew = Anew(handover.contract, difference, table, wanted, protection, staged, ours)
            found.append((handover, anew))
        return found

    def sql(self, every: Sequence[tuple[Handover, Anew]], before: Head) -> str:
        """Write what `run` would run."""
        return "\n".join(script(self._dataset, anew, handover, before) for handover, anew in every)

    def run(self, run: str, every: Sequence[tuple[Handover, Anew]], before: Head) -> dict[str, str]:
        """Make each table anew by a job, which goes on when this process ends; returns where the old ones are kept."""
        kept = {}
        for handover, anew in every:
            kept[anew.contract.name] = self._keep(run, anew.found)
            self._job(run, anew.contract.name, script(self._dataset, anew, handover, before), before)
        return kept

    def compare(self, every: Sequence[tuple[Handover, Anew]], now: Preparation) -> None:
        """Raise WarehouseError where others may read a table now than before."""
        for _, anew in every:
            there, meant = self._protection(anew.found, now.policies[anew.contract.name]), anew.protection
            if there != meant:
                lacking = "\n".join(f"  {line}" for line in meant.statements(quoted(full(anew.found))))
                raise WarehouseError(
                    f"{anew.contract.name} was made anew, but may not be read by the same people as before:\n{lacking}",
                    "Run these statements in BigQuery, then LoadFilesBQ.py.",
                )

    def drop(self, run: str, name: str, before: Head) -> str:
        """Drop a table by one job, and forget when it was published; returns where it is kept."""
        table, kept = f"{self._dataset}.{name}", ""
        with suppress(NotFound):  # one that a person dropped is listed yet
            kept = self._keep(run, self._client.get_table(table, retry=self._jobs.retry, timeout=CALL_TIMEOUT))
        lines = [
            fence(self._dataset, before),
            f"DROP TABLE IF EXISTS {quoted(table)};",
            f"DELETE FROM {quoted(f'{self._dataset}.{ETL_RUNS.name}')} WHERE table_name = {sql.literal(name)};",
        ]
        self._job(run, name, "\n".join(lines) + "\n", before)
        return kept

    def _protection(self, table: bigquery.Table, policies: Sequence[dict[str, Any]]) -> Protection:
        """Read who may see what of a table. Raises WarehouseError where that cannot be given again."""
        try:
            members = [self._members(table, policy) for policy in policies]
            bindings = self._client.get_iam_policy(table, retry=self._jobs.retry, timeout=CALL_TIMEOUT).bindings
        except Forbidden:
            raise _hidden(table) from None
        if any(binding.get("condition") for binding in bindings):
            raise WarehouseError(
                f"{table.table_id} is granted to somebody under a condition, which no statement gives to a new table.",
                "Take that grant off in BigQuery (Share, Manage permissions), and give it again after the refill.",
            )
        names = [policy["rowAccessPolicyReference"]["policyId"].strip("`") for policy in policies]
        conditions = [str(policy["filterPredicate"]) for policy in policies]
        return Protection(
            tuple(sorted(zip(names, conditions, members, strict=True))),
            tuple(sorted((str(each["role"]), tuple(sorted(each["members"]))) for each in bindings)),
        )

    def _members(self, table: bigquery.Table, policy: dict[str, Any]) -> tuple[str, ...]:
        if "grantees" in policy:
            return tuple(sorted(policy["grantees"]))
        path = f"{table.path}/rowAccessPolicies/{policy['rowAccessPolicyReference']['policyId']}:getIamPolicy"
        answer = self._client._call_api(self._jobs.retry, method="POST", path=path, data={}, timeout=CALL_TIMEOUT)
        return tuple(sorted({member for each in answer.get("bindings", ()) for member in each["members"]}))

    def _keep(self, run: str, table: bigquery.Table) -> str:
        """Keep a snapshot of a table as it is, in the staging dataset; returns its full name."""
        name, end = f"{self._dataset}_staging.{copy_name(table.table_id, run)}", until()
        config = bigquery.CopyJobConfig(operation_type="SNAPSHOT", labels={"run": label(run), "step": "keep"})
        config._set_sub_prop("destinationExpirationTime", end.isoformat())

        def start(job_id: str) -> object:
            return self._client.copy_table(
                table.reference, name, job_id=job_id, job_config=config, retry=ONCE, timeout=CALL_TIMEOUT
            )

        job_id = f"{job_prefix(self._dataset, run)}-keep-{_id(table.table_id)}"
        if fault := self._jobs.run(job_id, start, "keeping").fault:
            raise WarehouseError(
                f"The rows of {table.table_id} cannot be kept as {name}: {fault.message}. Nothing was touched.",
                "Let this account create tables and snapshots there (BigQuery Data Editor), and run it again.",
                transient=fault.transient,
            )
        copy = self._client.get_table(name, retry=self._jobs.retry, timeout=CALL_TIMEOUT)
        copy.expires, copy.description = end, f"{table.table_id} as it was before run {run}."
        self._client.update_table(copy, ["expires", "description"], retry=self._jobs.retry, timeout=CALL_TIMEOUT)
        return name

    def _job(self, run: str, name: str, text: str, before: Head) -> None:
        config = bigquery.QueryJobConfig(
            labels={"run": label(run), "step": "refill"}, job_timeout_ms=int(LONGEST_JOB * 1000)
        )
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        job_id = f"{job_prefix(self._dataset, run)}-refill-{_id(name)}-{digest}"
        if fault := self._jobs.run(job_id, partial(self._start, text, config), "refilling").fault:
            raise refused(self._explainer, f"making {name} anew", fault, before)


def _hidden(table: bigquery.Table) -> WarehouseError:
    return WarehouseError(
        f"This account may not see who may read {table.table_id}, so that it could not give that again to a new table."
        " Nothing was touched.",
        "Run this once as somebody with BigQuery Data Owner on that table (BIGQUERY_IMPERSONATE).",
    )


def _id(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:8]
