"""Preparing BigQuery: first what is to be done is found out, as sentences, then it is done."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from google.api_core.exceptions import NotFound
from google.api_core.retry import Retry
from google.cloud import bigquery

from etl.contract import Contract
from etl.load import bigquery_schema as shape
from etl.load import bigquery_sql as sql
from etl.load.bigquery_jobs import CALL_TIMEOUT
from etl.load.checks import refuse_differences
from etl.load.head import ETL_HEAD

STAGING_DAYS = 3
"""After how many days BigQuery drops what a killed run left in staging."""


@dataclass(frozen=True)
class Step:
    """Something that is missing: a sentence that says so, and the call that mends it."""

    sentence: str
    apply: Callable[[], object]


class Preparation:
    """What the datasets lack, compared with the contracts. dataset: "project.dataset"."""

    def __init__(self, client: bigquery.Client, retry: Retry, dataset: str) -> None:
        self._client = client
        self._retry = retry
        self._dataset = dataset
        self._found: dict[str, bigquery.Table | None] = {}

    def steps(self, contracts: Sequence[Contract]) -> list[Step]:
        """List what is missing, in the order in which it is made. Raises WarehouseError where a person must look."""
        datasets = {name: self._get_dataset(name) for name in (self._dataset, f"{self._dataset}_staging")}
        self._found = {c.name: self._get_table(c.name) if datasets[self._dataset] else None for c in contracts}
        refuse_differences(
            [*self._misplaced(datasets), *self._differences(contracts)],
            "Undo the change, or rename or drop those tables in BigQuery: they are filled anew from the star.",
        )
        lacking = [name for name, dataset in datasets.items() if dataset is None]
        steps = [Step(f"The dataset {name} is created.", partial(self._create_dataset, name)) for name in lacking]
        steps += [self._creation(contract) for contract in contracts if not self._found[contract.name]]
        return [*steps, *(step for contract in contracts if (step := self._mending(contract, contracts)))]

    def _misplaced(self, datasets: dict[str, bigquery.Dataset | None]) -> Iterator[str]:
        here = self._client.location
        for name, dataset in datasets.items():
            if dataset and dataset.location and dataset.location.casefold() != here.casefold():
                yield f"the dataset {name} is in {dataset.location}, BIGQUERY_LOCATION is {here}"

    def _differences(self, contracts: Sequence[Contract]) -> Iterator[str]:
        ours = {contract.name for contract in contracts}
        for contract in contracts:
            if table := self._found[contract.name]:
                keys = shape.foreign_keys(contract, contracts, self._dataset)
                yield from shape.differences(contract, table, keys, ours)

    def _creation(self, contract: Contract) -> Step:
        if contract.name == ETL_HEAD.name:
            return Step(f"The table {contract.name} is created.", self._create_head)
        table = shape.new_table(contract, self._dataset)
        create = partial(self._client.create_table, table, retry=self._retry, timeout=CALL_TIMEOUT, exists_ok=True)
        return Step(f"The table {contract.name} is created.", create)

    def _create_head(self) -> None:
        """Create the head with its one row, in one statement: two loads that do so make one table."""
        statement = sql.create_head(self._dataset, shape.labels(ETL_HEAD))
        self._client.query_and_wait(statement, retry=self._retry, api_timeout=CALL_TIMEOUT, wait_timeout=CALL_TIMEOUT)

    def _mending(self, contract: Contract, contracts: Sequence[Contract]) -> Step | None:
        """Say what a table gets that it has not: columns, descriptions, labels, keys."""
        table = self._found[contract.name] or shape.new_table(contract, self._dataset)
        columns = shape.mended_schema(contract, table)
        keys = shape.missing_keys(contract, table, shape.foreign_keys(contract, contracts, self._dataset))
        added = [f"the column {column.name} {shape.type_of(column)}" for column in columns[len(table.schema) :]]
        gets = {
            "schema": added + ["its contract's column descriptions"] * _retold(table, columns),
            "description": ["its contract's description"] * (table.description != contract.description),
            "labels": ["its labels"] * (not shape.labels(contract).items() <= table.labels.items()),
            "table_constraints": ["its keys"] * (keys is not None),
        }
        if not any(gets.values()):
            return None
        sentence = f"{contract.name} gets {', '.join(thing for things in gets.values() for thing in things)}."
        return Step(sentence, partial(self._mend, contract, keys, [name for name, things in gets.items() if things]))

    def _mend(self, contract: Contract, keys: bigquery.table.TableConstraints | None, fields: list[str]) -> None:
        name = f"{self._dataset}.{contract.name}"
        table = self._found[contract.name] or self._client.get_table(name, retry=self._retry, timeout=CALL_TIMEOUT)
        table.schema = shape.mended_schema(contract, table)
        table.description = contract.description
        table.labels = table.labels | shape.labels(contract)
        if keys is not None:
            table.table_constraints = keys
        self._client.update_table(table, fields, retry=self._retry, timeout=CALL_TIMEOUT)

    def _create_dataset(self, name: str) -> None:
        dataset = bigquery.Dataset(name)
        dataset.location = self._client.location
        dataset.labels = shape.MANAGED
        if name.endswith("_staging"):
            dataset.description = f"What is being loaded into {self._dataset}; dropped after {STAGING_DAYS} days."
            dataset.default_table_expiration_ms = STAGING_DAYS * 24 * 3600 * 1000
        else:
            dataset.description = "The published star: facts and dimensions, replaced every night in one transaction."
        self._client.create_dataset(dataset, exists_ok=True, retry=self._retry, timeout=CALL_TIMEOUT)

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


def _retold(table: bigquery.Table, columns: Sequence[bigquery.SchemaField]) -> bool:
    told = [field.description or "" for field in table.schema]
    return told != [field.description for field in columns[: len(told)]]
