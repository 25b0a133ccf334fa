"""What BigQuery reads for a publish: the statements of a real load, their columns as Google's own analyzer sees them.

A small company is loaded twice into an emulator, through a proxy that notes each statement of the second load. The
bytes of the columns are those of the large star.
"""

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from google.protobuf.message import Error as ProtobufError
from zetasql.core.exceptions import ZetaSQLError

from benchmarks.billing import LEAST_BILLED, column_bytes
from benchmarks.world import DOWNLOAD, TRANSFORM, World
from config.paths import ROOT
from etl.load.etl_runs import ETL_RUNS, published_contracts
from etl.load.head import ETL_HEAD
from etl.load.warehouse import ADDED, REMOVED
from tests.load.emulator import NoEmulatorError, running_emulator
from tests.load.googlesql import GoogleSql, compiled_in
from tests.load.proxy import Answer, Listening, Remembering, running_proxy

_DATASET, _PROJECT = "star", "a-project"
LOAD = "LoadFilesBQ.py"
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


FAULTS = (RuntimeError, NoEmulatorError, ProtobufError, ZetaSQLError)
"""What may go wrong: without the emulator, or Google's analyzer, it cannot be counted."""


class _Night(Listening, Remembering):
    """Notes the statements, and tells when a table was changed last."""

    def answer(self, request: str, body: bytes) -> Answer | None:
        """Do what both do."""
        Listening.answer(self, request, body)
        return Remembering.answer(self, request, body)


def read_bytes(world: World, small: World, folder: Path) -> Reads:
    """Count what a publish of the world's star reads. small: the same company, small enough for an emulator."""
    statements = _statements_of_second_load(small, folder)
    contracts = published_contracts(small.company.tables)
    schemas = {c.name: c.schema for c in [*contracts.values(), ETL_RUNS, ETL_HEAD]}
    declared = {name: schema for table, schema in schemas.items() for name in (table, f"{_PROJECT}.{_DATASET}.{table}")}
    parts = ("", f"__{REMOVED}", f"__{ADDED}")
    place = f"{_PROJECT}.{_DATASET}_staging."
    staged = {f"{place}{name}__{small.star.run}{part}": schemas[name] for name in contracts for part in parts}
    tables = world.star.tables
    each = {name: column_bytes(contracts[name], world.star_files(name)[0]) for name in tables}
    whole = {name: tables[name].rows * sum(each[name].values()) for name in tables}
    read, minimums = dict.fromkeys(tables, 0.0), 0.0
    with _analyzer(declared | staged) as google:
        for scanned in (scan for statement in statements for scan in google.columns_read(statement)):
            for full, columns in scanned.items():
                name = full.rpartition(".")[2].partition("__")[0]
                counted = tables[name].rows * sum(each[name][column] for column in columns) if name in tables else 0.0
                if name in tables:
                    read[name] += counted
                minimums += max(LEAST_BILLED - counted, 0)
    scans = {name: read[name] / max(whole[name], 1) for name in tables}
    return Reads(sum(whole.values()), sum(read.values()), minimums, scans)


def _statements_of_second_load(small: World, folder: Path) -> list[str]:
    """Publish the star, build it again, publish that; give the statements of the second time."""
    folder.mkdir(parents=True)
    with running_emulator(folder) as address, running_proxy(address, _Night) as proxy:
        settings = {
            "DATA_DIR": str(small.folder / "base"), "WAREHOUSE": "bigquery", "BIGQUERY_PROJECT": _PROJECT,
            "BIGQUERY_DATASET": _DATASET, "BIGQUERY_CREDENTIALS": "anonymous", "BIGQUERY_ENDPOINT": proxy.url,
        }  # fmt: skip
        for script in (DOWNLOAD, TRANSFORM, LOAD, TRANSFORM):
            _run(small, folder, script, settings)
        proxy.statements.clear()
        _run(small, folder, LOAD, settings)
        return list(proxy.statements)


def _run(world: World, folder: Path, script: str, settings: dict[str, str]) -> None:
    command = world.ours(folder, script, with_base=False, **settings)
    environment = os.environ | command.environment
    done = subprocess.run([str(a) for a in command.arguments], env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{script} exited with {done.returncode}:\n{done.stderr}")


@contextmanager
def _analyzer(tables: dict[str, pa.Schema]) -> Iterator[GoogleSql]:
    _COMPILED.mkdir(parents=True, exist_ok=True)
    with compiled_in(_COMPILED):
        yield GoogleSql(tables)
