"""What BigQuery bills for a night: each table of a query with all columns that it reads, and at least 10 MB of it."""

from collections.abc import Mapping
from pathlib import Path

import duckdb
import pyarrow as pa
import sqlglot

import config
from config.paths import SAMPLE_SETTINGS
from etl.company.report import AS_OF, ONE_NIGHT, Report, read_report
from etl.contract.table import Contract
from etl.core.manifest import StarManifest
from etl.dashboard.answers import asked_rows
from etl.load.etl_runs import published_contracts
from etl.report.sql import Composer

SCANS = 2
"""How often BigQuery reads a staged row: to publish it, and for the published receipt. What was published before is
read once more only where its metadata say that somebody changed it."""
_SMALL = ("etl_head",) * 2 + ("etl_runs",) * 2
"""What a load reads besides, a table a query."""
LEAST_BILLED = 10 * 2**20
"""Bytes that are billed for a table in a query, however few it has."""
_BYTES_A_NUMBER, _BYTES_A_DECIMAL, _BYTES_A_FLAG, _BYTES_A_TEXT = 8, 16, 1, 2
"""What BigQuery counts for a value; for a text its UTF-8 besides."""
_SAMPLED = 10_000
"""Rows by which the length of texts is reckoned."""


class Billing:
    """What BigQuery counts of the star of a company of `rows` contracts, and bills where there are more of them.

    contracts: of the published tables; asked: the queries of the dashboard.
    """

    def __init__(
        self, star: StarManifest, folder: Path, rows: int, contracts: Mapping[str, Contract], asked: list[str]
    ) -> None:
        self._contracts = contracts
        self._bytes = {
            name: table.rows * sum(column_bytes(contracts[name], folder / table.files[0].name).values()) / rows
            for name, table in star.tables.items()
        }
        self.asked = asked

    @classmethod
    def of_sample(cls, star: StarManifest, folder: Path, rows: int) -> "Billing":
        """Reckon for the sample company and its dashboard."""
        settings = config.load(SAMPLE_SETTINGS)
        contracts = published_contracts(settings.tables_dir)
        return cls(star, folder, rows, contracts, _dashboard(read_report(settings.report_folder), contracts))

    def stored(self, rows: int) -> float:
        """Return the bytes of the published tables."""
        return sum(self._bytes.values()) * rows

    def load(self, rows: int) -> float:
        """Return the bytes that are billed for a load."""
        return sum(self._billed(name, rows) for name in [*self._bytes, *_SMALL] for _ in range(self._scans(name)))

    def dashboard(self, rows: int) -> float:
        """Return the bytes that are billed for the dashboard's queries, where each reads all columns of its tables."""
        return sum(self._billed(table, rows) for query in self.asked for table in _tables_of(query, self._contracts))

    def _scans(self, name: str) -> int:
        return SCANS if name in self._bytes else 1

    def _billed(self, name: str, rows: int) -> float:
        return max(self._bytes.get(name, 0) * rows, LEAST_BILLED)


def column_bytes(contract: Contract, file: Path) -> dict[str, float]:
    """Reckon what BigQuery counts for each column of a row, texts by the first rows of a CSV."""
    counted: dict[str, float] = {
        field.name: _fixed_bytes(field.type) for field in contract.schema if not pa.types.is_string(field.type)
    }
    texts = [field.name for field in contract.schema if field.name not in counted]
    if texts:
        lengths = ", ".join(f'AVG(COALESCE({_BYTES_A_TEXT} + strlen("{name}"), 0))' for name in texts)
        rows = f"(SELECT * FROM read_csv('{file}', all_varchar = true, header = true) LIMIT {_SAMPLED})"
        [averages] = duckdb.execute(f"SELECT {lengths} FROM {rows}").fetchall()
        counted |= {name: average or 0.0 for name, average in zip(texts, averages, strict=True)}
    return counted


def _fixed_bytes(kind: pa.DataType) -> int:
    if pa.types.is_decimal(kind):
        return _BYTES_A_DECIMAL
    return _BYTES_A_FLAG if pa.types.is_boolean(kind) else _BYTES_A_NUMBER


def _dashboard(report: Report, contracts: Mapping[str, Contract]) -> list[str]:
    """List the queries that the dashboard asks."""
    asked: list[str] = []

    def read(query: str) -> pa.Table:
        asked.append(query)
        return pa.table({})

    composer = Composer(report, contracts)
    read(composer.query((AS_OF, ONE_NIGHT)))
    for page in report.pages:
        for visual in page.visual:
            asked_rows(visual, composer, read)
    return asked


def _tables_of(query: str, contracts: Mapping[str, Contract]) -> list[str]:
    """Name the tables that a query reads, each once: a table is billed once a query."""
    named = {table.name for table in sqlglot.parse_one(query, dialect="bigquery").find_all(sqlglot.exp.Table)}
    return sorted(named & contracts.keys())
