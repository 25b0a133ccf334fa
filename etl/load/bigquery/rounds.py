"""Loading a table's Parquet files into the staging dataset, until what is staged is what was handed over."""

from contextlib import suppress

from google.api_core.exceptions import NotFound
from google.cloud import bigquery

from etl.core.errors import WarehouseError
from etl.load.bigquery.errors import Explainer
from etl.load.bigquery.jobs import Jobs
from etl.load.bigquery.queries import Queries
from etl.load.bigquery.staging import RepeatedError, Staging, staging_table
from etl.load.checks import check_receipt, check_rows, mismatch
from etl.load.warehouse import Handover


class Rounds:
    """The rounds of a load. What an earlier one staged, or a job that was repeated, is trusted by its receipt only."""

    def __init__(
        self, client: bigquery.Client, jobs: Jobs, explainer: Explainer, queries: Queries, dataset: str
    ) -> None:
        self._staging, self._queries, self._dataset = Staging(client, jobs, explainer, dataset), queries, dataset

    def load(self, handover: Handover) -> None:
        """Load the files of a table, or of its changes, one job each, and count their rows."""
        for part in handover.staged:
            self._load_part(part)

    def _load_part(self, handover: Handover) -> None:
        earlier = self._staging.newest_round(handover)
        if earlier:
            with suppress(WarehouseError):
                self._load(handover, earlier, whole=True)
                return
        try:
            self._load(handover, earlier + 1)
        except RepeatedError:
            self._load(handover, earlier + 2)

    def _load(self, handover: Handover, round_: int, *, whole: bool = False) -> None:
        """Load what this round has not loaded yet, and raise if what is staged then is not what was handed over.

        whole: whether to look at the rows themselves. Raises RepeatedError where that may come of a job that failed, by
        BigQuery's word, and had loaded all the same.
        """
        is_repeated = self._staging.load(handover, round_)
        try:
            table = staging_table(self._dataset, handover)
            check_rows(handover, self._queries.rows(table))
            if whole or is_repeated:
                check_receipt(handover, self._queries.receipt(handover.contract, handover.receipt, table), "staged")
        except NotFound:  # jobs are remembered longer than staging tables live
            raise mismatch(handover.contract.name, "staged", "they are gone") from None
        except WarehouseError as different:
            raise RepeatedError(different.message, different.hint) if is_repeated else different from None
