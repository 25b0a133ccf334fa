"""Preparing BigQuery: first what is to be done is found out, as sentences, then it is done."""

from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from google.api_core.exceptions import Forbidden, NotFound
from google.api_core.retry import Retry
from google.cloud import bigquery

from etl.contract.table import Contract
from etl.load import shape
from etl.load.bigquery import obstacles, schema, sql
from etl.load.bigquery.jobs import CALL_TIMEOUT
from etl.load.head import ETL_HEAD
from etl.load.refilling import sentence, to_refill
from etl.load.shape import Difference

STAGING_DAYS = 3
"""After how many days BigQuery drops what a killed run left in staging."""
AT_ONCE = 8
"""Calls under way while tables are looked at."""
_OBSTACLES = "Run in BigQuery what the lines name, or ask whoever set it."


@dataclass(frozen=True)
class Step:
    """Something that is missing: a sentence that says so, and the call that fixes it.

    is_first: whether it creates the dataset in which everything is published.
    """

    sentence: str
    apply: Callable[[], object]
    is_first: bool = False


class Preparation:
    """What the datasets lack, compared with the contracts. dataset: "project.dataset".

    policy_tag: put on columns of personal data. found, policies: by table, once `steps` was called, what there is and
    its row access policies; anew: how those differ that are to be made anew.
    """

    def __init__(self, client: bigquery.Client, retry: Retry, dataset: str, policy_tag: str | None = None) -> None:
        self._client = client
        self._retry = retry
        self._dataset = dataset
        self._policy_tag = policy_tag
        self.found: dict[str, bigquery.Table | None] = {}
        self.policies: dict[str, list[dict[str, Any]]] = {}
        self.anew: dict[str, Difference] = {}

    def steps(self, contracts: Sequence[Contract], refill: Collection[str] = ()) -> list[Step]:
        """List what is missing, in the order in which it is made. Raises WarehouseError where a person must look.

        refill: tables that may be made anew; nothing is done here to those that have to be.
        """
        with ThreadPoolExecutor(AT_ONCE) as executor:
            names = (self._dataset, f"{self._dataset}_staging")
            datasets = dict(zip(names, executor.map(self._get_dataset, names), strict=True))
            there = [c.name for c in contracts] if datasets[self._dataset] else []
            found = dict(zip(there, executor.map(self._get_table, there), strict=True))
            self.policies = dict(zip(there, executor.map(self._policies, found.values()), strict=True))
        self.found = {contract.name: found.get(contract.name) for contract in contracts}
        in_the_way = [*self._misplaced(datasets), *self._in_the_way(datasets)]
        differences = {contract.name: self._difference(contract, contracts) for contract in contracts}
        anew = to_refill(list(differences.values()), refill, in_the_way, _OBSTACLES)
        self.anew = {difference.table: difference for difference in anew}
        lacking = [name for name, dataset in datasets.items() if dataset is None]
        steps = [
            Step(f"The dataset {name} is created.", partial(self._create_dataset, name), name == self._dataset)
            for name in lacking
        ]
        steps += self._unexpiring(self._dataset, datasets[self._dataset])
        steps += [self._creation(contract) for contract in contracts if not self.found[contract.name]]
        steps += [Step(sentence(difference), lambda: None) for difference in anew]
        others = [contract for contract in contracts if contract.name not in self.anew]
        return [*steps, *(step for c in others if (step := self._completion(c, differences[c.name])))]

    def _in_the_way(self, datasets: dict[str, bigquery.Dataset | None]) -> Iterator[str]:
        for name, dataset in datasets.items():
            if dataset:
                yield from obstacles.of_dataset(name, dataset, staging=name != self._dataset)
        for name, table in self.found.items():
            if table:
                yield from obstacles.of_table(f"{self._dataset}.{name}", table, self.policies[name], self._policy_tag)

    def _unexpiring(self, name: str, dataset: bigquery.Dataset | None) -> list[Step]:
        """Take the expiry off that a sandbox gave to a dataset which this program made."""
        found = obstacles.expiries(dataset) if dataset else {}
        if not dataset or not found:
            return []
        obstacles.clear_expiry(dataset)
        apply = partial(self._client.update_dataset, dataset, list(found), retry=self._retry, timeout=CALL_TIMEOUT)
        return [Step(f"The dataset {name} loses its expiry ({', '.join(found.values())}).", apply)]

    def _misplaced(self, datasets: dict[str, bigquery.Dataset | None]) -> Iterator[str]:
        here = self._client.location
        for name, dataset in datasets.items():
            if dataset and dataset.location and dataset.location.casefold() != here.casefold():
                yield f"the dataset {name} is in {dataset.location}, BIGQUERY_LOCATION is {here}"

    def _difference(self, contract: Contract, contracts: Sequence[Contract]) -> Difference:
        """Find how a table, as it is or is created, differs from its contract."""
        table = self.found[contract.name] or schema.new_table(contract, self._dataset, self._policy_tag)
        ours = {other.name for other in contracts}
        wanted = schema.wanted(contract, contracts, self._policy_tag)
        return shape.compare(contract.name, wanted, schema.found(table), ours)

    def _creation(self, contract: Contract) -> Step:
        if contract.name == ETL_HEAD.name:
            return Step(f"The table {contract.name} is created.", self._create_head)
        table = schema.new_table(contract, self._dataset, self._policy_tag)
        create = partial(self._client.create_table, table, retry=self._retry, timeout=CALL_TIMEOUT, exists_ok=True)
        return Step(f"The table {contract.name} is created.", create)

    def _create_head(self) -> None:
        """Create the head with its one row, in one statement: two loads that do so make one table."""
        statement = sql.create_head(self._dataset, schema.labels(ETL_HEAD))
        self._client.query_and_wait(statement, retry=self._retry, api_timeout=CALL_TIMEOUT, wait_timeout=CALL_TIMEOUT)

    def _completion(self, contract: Contract, difference: Difference) -> Step | None:
        """Return what a table gets that it lacks (columns, descriptions, labels, keys), and that it is to be kept."""
        table = self.found[contract.name]
        expiries = obstacles.expiries(table) if table else {}
        sentence = difference.sentence(f"loses its expiry ({', '.join(expiries.values())})" if expiries else "")
        return Step(sentence, partial(self._complete, contract, difference, list(expiries))) if sentence else None

    def _complete(self, contract: Contract, difference: Difference, expiries: list[str]) -> None:
        name = f"{self._dataset}.{contract.name}"
        table = self.found[contract.name] or self._client.get_table(name, retry=self._retry, timeout=CALL_TIMEOUT)
        fields = schema.change(table, contract, difference, self._dataset, self._policy_tag)
        obstacles.clear_expiry(table)
        self._client.update_table(table, [*fields, *expiries], retry=self._retry, timeout=CALL_TIMEOUT)

    def _create_dataset(self, name: str) -> None:
        dataset = bigquery.Dataset(name)
        dataset.location = self._client.location
        dataset.labels = schema.MANAGED
        if name.endswith("_staging"):
            dataset.description = f"What is being loaded into {self._dataset}; dropped after {STAGING_DAYS} days."
            dataset.default_table_expiration_ms = STAGING_DAYS * 24 * 3600 * 1000
        else:
            dataset.description = "The published star: facts and dimensions, replaced every night in one transaction."
        self._client.create_dataset(dataset, exists_ok=True, retry=self._retry, timeout=CALL_TIMEOUT)

    def _policies(self, table: bigquery.Table | None) -> list[dict[str, Any]]:
        """List a table's row access policies, as far as this account may: the client has no method for them."""
        if table is None:
            return []
        path = f"{table.path}/rowAccessPolicies"
        try:
            answer = self._client._call_api(self._retry, method="GET", path=path, timeout=CALL_TIMEOUT)
        except (NotFound, Forbidden):
            return []
        found: list[dict[str, Any]] = answer.get("rowAccessPolicies") or []
        return found

    def _get_dataset(self, name: str) -> bigquery.Dataset | None:
        try:
            return self._client.get_dataset(name, retry=self._retry, timeout=CALL_TIMEOUT)
        except NotFound as error:
            if "Not found: Project" in str(error.message):
                raise  # a dataset can be created, a project cannot
            return None

    def _get_table(self, name: str) -> bigquery.Table | None:
        try:
            return self._client.get_table(f"{self._dataset}.{name}", retry=self._retry, timeout=CALL_TIMEOUT)
        except NotFound:
            return None
