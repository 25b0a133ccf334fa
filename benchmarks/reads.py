"""What BigQuery reads for a publish: the statements of a real load, their columns as Google's own analyzer sees them.

Of a night of all rows: a small company is loaded twice into an emulator, through a proxy that notes each statement of
the second load; the bytes of the columns are those of the large star. Of a night of changes: the script that publishes
the large star itself, which names the partitions that it reads.
"""

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
from google.protobuf.message import Error as ProtobufError
from zetasql.core.exceptions import ZetaSQLError

from benchmarks.billing import LEAST_BILLED, column_bytes
from benchmarks.world import DOWNLOAD, LOAD, TRANSFORM, World
from config.paths import ROOT
from etl.contract.table import Contract, Contracts
from etl.core.manifest import StarManifest, StarTable
from etl.load.bigquery.publish import script_of
from etl.load.bigquery.staging import staging_table
from etl.load.by_changes import MOST, proof
from etl.load.etl_runs import ETL_RUNS, published_contracts
from etl.load.head import ETL_HEAD
from etl.load.months import within
from etl.load.warehouse import ADDED, REMOVED, Delta, Handover
from etl.receipts.bigquery import quoted
from etl.receipts.level import Level
from tests.load.emulator import NoEmulatorError, running_emulator
from tests.load.googlesql import GoogleSql, compiled_in
from tests.load.proxy import Answer, Listening, Remembering, running_proxy

_DATASET, _PROJECT = "star", "a-project"
_PLACE = f"{_PROJECT}.{_DATASET}"
_COMPILED = ROOT / "data" / "googlesql"
"""Where the analyzer stays compiled, which takes half a minute."""


@dataclass(frozen=True)
class Reads:
    """Bytes. star: of the published tables; read: logically, by queries; minimums: billed beyond that."""

    star: float
    read: float
    minimums: float
    scans: Mapping[str, float]
    """By table, the bytes read times those that it has."""


@dataclass(frozen=True)
class ChangeReads:
    """Bytes of a night of changes. staged: of the rows that go or come; touched: of the partitions in which they lie.

    read: of the columns that statements name; deleting: what BigQuery counts for a DELETE besides, all columns of the
    partitions in which it looks; shares: how much of each table lies in such partitions, of one without partitions all.
    """

    staged: float
    touched: float
    read: float
    deleting: float
    shares: Mapping[str, float]

    @property
    def named(self) -> float:
        """How often the touched partitions are read by the columns that statements name."""
        return (self.read - self.staged) / max(self.touched, 1)

    @property
    def counted(self) -> float:
        """How often they are read by what BigQuery counts."""
        return self.named + self.deleting / max(self.touched, 1)


FAULTS = (RuntimeError, NoEmulatorError, ProtobufError, ZetaSQLError)
"""What may go wrong: without the emulator, or Google's analyzer, it cannot be counted."""


class _Night(Listening, Remembering):
    """Notes the statements, and tells when a table was changed last."""

    def answer(self, request: str, body: bytes) -> Answer | None:
        """Do what both do."""
        Listening.answer(self, request, body)
        return Remembering.answer(self, request, body)


class _Weights:
    """The bytes of a star's tables. folder: of the star."""

    def __init__(self, star: StarManifest, folder: Path, contracts: Contracts) -> None:
        self.tables, self._contracts = star.tables, contracts
        self._columns = {
            name: column_bytes(contracts[name], folder / table.files[0].name) for name, table in star.tables.items()
        }

    def of(self, name: str, rows: int, columns: set[str] | None = None) -> float:
        """Reckon the bytes of some rows of a table, of some columns or of all."""
        known = self._columns[name]
        return rows * sum(known[column] for column in (known if columns is None else columns))

    def rows(self, name: str, part: str, text: str = "") -> int:
        """Count the rows that a statement reads: of a staged part all, of a table those of the months that it names."""
        table = self.tables[name]
        change, contract = table.change, self._contracts[name]
        if change and part in (REMOVED, ADDED):
            return change.removed_rows if part == REMOVED else change.added_rows
        if change and change.partitions:
            named = [within(contract, change.partitions, quoted, row) for row in ("_old", "")]
            if any(each in text for each in named):
                return sum(table.by_partition[m].rows for m in change.partitions if m in table.by_partition)
        return table.rows


def read_bytes(world: World, small: World, folder: Path) -> Reads:
    """Count what a publish of the world's star reads. small: the same company, small enough for an emulator."""
    statements = _statements_of_second_load(small, folder)
    contracts = published_contracts(small.company.tables)
    weights = _Weights(world.star, world.star_folder, contracts)
    parts = [f"{name}__{small.star.run}{part}" for name in contracts for part in ("", f"__{REMOVED}", f"__{ADDED}")]
    staged = {f"{_PLACE}_staging.{part}": contracts[part.partition("__")[0]].schema for part in parts}
    tables = world.star.tables
    whole = {name: weights.of(name, tables[name].rows) for name in tables}
    read, minimums = dict.fromkeys(tables, 0.0), 0.0
    with _analyzer(contracts, staged) as google:
        for scanned in (scan for statement in statements for scan in google.columns_read(statement)):
            for full, columns in scanned.items():
                name = full.rpartition(".")[2].partition("__")[0]
                counted = weights.of(name, tables[name].rows, columns) if name in tables else 0.0
                if name in tables:
                    read[name] += counted
                minimums += max(LEAST_BILLED - counted, 0)
    scans = {name: read[name] / max(whole[name], 1) for name in tables}
    return Reads(sum(whole.values()), sum(read.values()), minimums, scans)


def read_of_changes(star: StarManifest, folder: Path, contracts: Contracts) -> ChangeReads:
    """Count what publishing a star by its changes reads."""
    handovers = [_handover(contracts[name], table) for name, table in star.tables.items()]
    weights, read, deleting = _Weights(star, folder, contracts), 0.0, 0.0
    parts = [part for handover in handovers for part in handover.staged]
    staged = {staging_table(_PLACE, part): part.contract.schema for part in parts}
    with _analyzer(contracts, staged) as google:
        for text, scanned in google.scans(script_of(_PLACE, star.run, handovers)):
            for full, columns in scanned.items():
                name, _, part = full.rpartition(".")[2].partition("__")
                if name not in weights.tables:
                    continue
                rows = weights.rows(name, part.rpartition("__")[2], text)
                read += weights.of(name, rows, columns)
                if text.startswith("DELETE") and not part:
                    deleting += weights.of(name, rows)
    bytes_staged = sum(weights.of(part.contract.name, part.receipt.rows) for part in parts)
    touched = {each.contract.name: _touched(weights, each) for each in handovers}
    shares = {name: touched[name] / max(weights.of(name, star.tables[name].rows), 1) for name in touched}
    return ChangeReads(bytes_staged, sum(touched.values()), read, deleting, shares)


def _handover(contract: Contract, table: StarTable) -> Handover:
    """Describe what a load hands over of a table, without its files."""
    handover = Handover(contract, (), Level.FULL.proof(table.receipt), table.run, table.as_of, table.all_rejected)
    change = table.change
    if change is None or change.removed_rows + change.added_rows > MOST * table.rows:
        return handover
    proven, removed, added = proof(contract, table, change, Level.FULL), change.removed_rows, change.added_rows
    delta = Delta(proven, removed_rows=removed, added_rows=added, months=change.partitions)
    return replace(handover, delta=delta)


def _touched(weights: _Weights, handover: Handover) -> float:
    """Reckon the bytes of the partitions in which rows change."""
    contract, delta = handover.contract, handover.delta
    if delta and not delta.rows:
        return 0.0
    text = within(contract, delta.months, quoted) if delta and delta.months else ""
    return weights.of(contract.name, weights.rows(contract.name, "", text))


def _statements_of_second_load(small: World, folder: Path) -> list[str]:
    """Publish the star, build it again of all rows, publish that; give the statements of the second time."""
    folder.mkdir(parents=True)
    with running_emulator(folder) as address, running_proxy(address, _Night) as proxy:
        settings = {
            "DATA_DIR": str(small.folder / "base"), "WAREHOUSE": "bigquery", "BIGQUERY_PROJECT": _PROJECT,
            "BIGQUERY_DATASET": _DATASET, "BIGQUERY_CREDENTIALS": "anonymous", "BIGQUERY_ENDPOINT": proxy.url,
        }  # fmt: skip
        for script in (DOWNLOAD, TRANSFORM, LOAD):
            _run(small, folder, [script], settings)
        _run(small, folder, [DOWNLOAD, "--full"], settings)
        _run(small, folder, [TRANSFORM], settings)
        proxy.statements.clear()
        _run(small, folder, [LOAD], settings)
        return list(proxy.statements)


def _run(world: World, folder: Path, script: Sequence[str], settings: dict[str, str]) -> None:
    command = world.ours(folder, *script, with_base=False, **settings)
    environment = os.environ | command.environment
    done = subprocess.run([str(a) for a in command.arguments], env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{script[0]} exited with {done.returncode}:\n{done.stderr}")


@contextmanager
def _analyzer(contracts: Contracts, staged: Mapping[str, pa.Schema]) -> Iterator[GoogleSql]:
    """Declare the published tables, by both of their names, and what is staged."""
    schemas = {contract.name: contract.schema for contract in [*contracts.values(), ETL_RUNS, ETL_HEAD]}
    tables = {name: schema for table, schema in schemas.items() for name in (table, f"{_PLACE}.{table}")}
    _COMPILED.mkdir(parents=True, exist_ok=True)
    with compiled_in(_COMPILED):
        yield GoogleSql({**tables, **staged})
