"""The embedded warehouse: the published tables are one DuckDB file, replaced as a whole.

DuckDB lets nobody read a file that is being written to. So a publish builds a new file beside the old one and renames
it over it: whoever has the old one open goes on reading last night, whoever opens it now reads this one.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote

import duckdb
import pyarrow as pa

from etl.contract import Contract
from etl.core.errors import WarehouseError
from etl.core.folders import sync
from etl.core.manifest import TableReceipt
from etl.core.receipt_sql import receipt_from, row_hash_sql, select_receipt
from etl.core.row_hash import DUCKDB
from etl.load import duckdb_schema as ddl
from etl.load.checks import check_names, check_receipt, refuse_differences
from etl.load.duckdb_errors import explained
from etl.load.duckdb_limits import limit
from etl.load.duckdb_schema import quoted, text
from etl.load.etl_runs import ETL_RUNS, NEWEST, published_of, rows_of
from etl.load.warehouse import Handover, Published

_NIGHT = "night"
"""The name of the attached file. The tables of the old one are `last_night`'s while a new file is built."""


class DuckDBWarehouse:
    """The published tables in one file. `<file>.staging` holds what is staged, `<file>.new` a night being built."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._new = path.with_name(path.name + ".new")
        self._staging = path.with_name(path.name + ".staging")
        self._spill = path.with_name(path.name + ".tmp")

    def __enter__(self) -> "DuckDBWarehouse":
        return self

    def __exit__(self, *exc: object) -> None:
        """Nothing stays open between calls."""

    def changes(self, contracts: list[Contract]) -> list[str]:
        """Say, a sentence each, what `ensure` would do; raise WarehouseError where it would refuse."""
        check_names(contracts)
        found, every = self._tables(), [*contracts, ETL_RUNS]
        refuse_differences(
            [difference for contract in every for difference in ddl.differences(contract, found)],
            f"Undo the change, or rename or drop those tables in {self.path}: they are filled anew from the star.",
        )
        return [sentence for contract in every if (sentence := ddl.mending(contract, found))]

    def ensure(self, contracts: list[Contract]) -> None:
        """Create the file and tables, add new nullable columns, renew descriptions; clear what a killed run left."""
        with explained("preparing", self.path):
            self._clear()
        if not self.changes(contracts):
            return
        found = self._tables()
        changed = [c for c in [*contracts, ETL_RUNS] if ddl.mending(c, found)]
        with self._next_file(changed) as connection:
            for contract in changed:
                if contract.name in found:
                    _carry_over(connection, contract.name, list(found[contract.name][1]))

    def stage(self, run: str, handover: Handover) -> None:
        """Keep the Parquet files under the run's name, as hard links where the disk allows, and check their receipt."""
        folder = self._staged(run, handover)
        with explained(f"staging {handover.contract.name} for", self.path):
            if folder.exists():
                shutil.rmtree(folder)
            folder.mkdir(parents=True)
            for file in handover.files:
                _link_or_copy(file, folder / file.name)
        check_receipt(handover, self.staged_receipt(run, handover), "staged")

    def staged_receipt(self, run: str, handover: Handover) -> TableReceipt:
        """Compute the receipt of the staged Parquet files."""
        with self._connected("checking what is staged for") as connection:
            return _receipt(connection, handover.contract, handover.receipt, self._parquet(run, handover))

    def published_receipt(self, contract: Contract, like: TableReceipt) -> TableReceipt | None:
        """Compute the receipt of a published table."""
        if contract.name not in self._tables():
            return None
        with self._connected("checking") as connection:
            self._attach_last_night(connection)
            return _receipt(connection, contract, like, f"last_night.main.{quoted(contract.name)}")

    def publish(self, run: str, handovers: list[Handover]) -> None:
        """Build the new file, check it, and rename it over the old one."""
        with self._next_file([h.contract for h in handovers]) as connection:
            for handover in handovers:
                table, columns = quoted(handover.contract.name), ", ".join(map(quoted, handover.contract.schema.names))
                source = self._parquet(run, handover)
                connection.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {source}")
            _record(connection, run, handovers)
            for handover in handovers:
                found = _receipt(connection, handover.contract, handover.receipt, quoted(handover.contract.name))
                check_receipt(handover, found, "published")
        shutil.rmtree(self._staging, ignore_errors=True)

    def published(self) -> list[Published]:
        """List, for each published table, its newest row of `etl_runs`."""
        return published_of(self.read(NEWEST)) if ETL_RUNS.name in self._tables() else []

    def read(self, sql: str) -> pa.Table:
        """Run a query over the published tables."""
        if not self.path.exists():
            raise WarehouseError(f"Nothing is published in {self.path} yet.", "Run LoadFilesBQ.py first.")
        with (
            explained("reading", self.path),
            tempfile.TemporaryDirectory(prefix="etl-") as spill,
            duckdb.connect() as connection,
        ):
            limit(connection, Path(spill))
            connection.execute(f"ATTACH {text(str(self.path))} AS {_NIGHT} (READ_ONLY)")
            connection.execute(f"USE {_NIGHT}")
            return connection.sql(sql).to_arrow_table()

    def describe(self) -> str:
        """Say where the tables are and how to look into them."""
        file = quote(str(self.path))
        return f"The tables are in the DuckDB file {self.path}; look into them with: duckdb -readonly {file}"

    def _tables(self) -> ddl.Tables:
        if not self.path.exists():
            return {}
        with self._connected("reading") as connection:
            self._attach_last_night(connection)
            return ddl.tables(connection, "last_night")

    @contextmanager
    def _connected(self, doing: str) -> Iterator[duckdb.DuckDBPyConnection]:
        with explained(doing, self.path), duckdb.connect() as connection:
            limit(connection, self._spill)
            connection.execute("SET preserve_insertion_order = false")
            yield connection

    def _attach_last_night(self, connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute(f"ATTACH {text(str(self.path))} AS last_night (READ_ONLY)")

    @contextmanager
    def _next_file(self, remade: Sequence[Contract]) -> Iterator[duckdb.DuckDBPyConnection]:
        """Give a new file that holds the old one's rows, but the tables of `remade` empty and as in their contracts.

        It takes the old one's place if the caller's block raises nothing.
        """
        try:
            with self._connected("building the new tables of") as connection:
                self._clear_new()
                self.path.parent.mkdir(parents=True, exist_ok=True)
                connection.execute(f"ATTACH {text(str(self._new))} AS {_NIGHT}")
                connection.execute(f"USE {_NIGHT}")
                self._take_over(connection, {contract.name for contract in remade})
                for contract in remade:
                    _make(connection, contract)
                if ETL_RUNS.name not in ddl.tables(connection, _NIGHT):
                    _make(connection, ETL_RUNS)
                yield connection
                connection.execute(f"USE memory; DETACH {_NIGHT}")
            with explained("replacing", self.path):
                self._replace()
        finally:
            self._clear_new()

    def _take_over(self, connection: duckdb.DuckDBPyConnection, remade: set[str]) -> None:
        """Copy the old file's definitions (a person's views too), and the rows of what is not made anew."""
        if not self.path.exists():
            return
        self._attach_last_night(connection)
        connection.execute(f"COPY FROM DATABASE last_night TO {_NIGHT} (SCHEMA)")
        every = "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'last_night'"
        for schema, table in connection.execute(every).fetchall():
            name = f"{quoted(schema)}.{quoted(table)}"
            if schema == "main" and table in remade:
                connection.execute(f"DROP TABLE {name}")
            else:
                connection.execute(f"INSERT INTO {_NIGHT}.{name} SELECT * FROM last_night.{name}")

    def _replace(self) -> None:
        """Rename the new file over the old one, for good even if the machine stops now."""
        sync(self._new)
        # What a crashed writer left belongs to the old file; beside the new one it would make it unreadable.
        self.path.with_name(self.path.name + ".wal").unlink(missing_ok=True)
        self._new.replace(self.path)
        sync(self.path.parent)

    def _staged(self, run: str, handover: Handover) -> Path:
        return self._staging / run / handover.contract.name

    def _parquet(self, run: str, handover: Handover) -> str:
        files = [text(str(self._staged(run, handover) / file.name)) for file in handover.files]
        return f"read_parquet([{', '.join(files)}])"

    def _clear(self) -> None:
        self._clear_new()
        shutil.rmtree(self._staging, ignore_errors=True)

    def _clear_new(self) -> None:
        self._new.unlink(missing_ok=True)
        self._new.with_name(self._new.name + ".wal").unlink(missing_ok=True)
        shutil.rmtree(self._spill, ignore_errors=True)


def _make(connection: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    for statement in ddl.create(contract):
        connection.execute(statement)


def _carry_over(connection: duckdb.DuckDBPyConnection, table: str, columns: list[str]) -> None:
    names = ", ".join(map(quoted, columns))
    connection.execute(f"INSERT INTO {quoted(table)} ({names}) SELECT {names} FROM last_night.main.{quoted(table)}")


def _record(connection: duckdb.DuckDBPyConnection, run: str, handovers: Sequence[Handover]) -> None:
    rows = pa.Table.from_pylist(rows_of(run, handovers, datetime.now(UTC)), ETL_RUNS.schema)
    connection.register("new_runs", rows)
    connection.execute(
        "DELETE FROM etl_runs WHERE (run_id, table_name) IN (SELECT (run_id, table_name) FROM new_runs);"
        "INSERT INTO etl_runs BY NAME SELECT * FROM new_runs"
    )
    connection.unregister("new_runs")


def _receipt(
    connection: duckdb.DuckDBPyConnection, contract: Contract, like: TableReceipt, relation: str
) -> TableReceipt:
    schema = contract.schema
    hashed = row_hash_sql(schema, DUCKDB) if like.row_hash else None
    answer: pa.Table = connection.sql(select_receipt(schema, DUCKDB, relation, hashed)).to_arrow_table()
    return receipt_from(answer.to_pylist()[0], schema, DUCKDB)


def _link_or_copy(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another disk, or one that knows no links
        shutil.copyfile(source, target)
