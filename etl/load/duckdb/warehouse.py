"""The embedded warehouse: the published tables are one DuckDB file, replaced as a whole.

DuckDB lets nobody read a file that is being written to. So a publish changes a copy of the file and renames it over the
old one: whoever has the old one open goes on reading last night, whoever opens it now reads this one. What a person
keeps in the file (tables, views, indexes, macros, ...) is in the copy, and stays.
"""

import shutil
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote

import duckdb
import pyarrow as pa

from etl.contract.table import Contract
from etl.core.duckdb_session import session
from etl.core.folders import link_or_copy
from etl.core.head import READ, Head
from etl.core.receipt import TableReceipt
from etl.load import head as heads
from etl.load import refilling
from etl.load.checks import check_names, check_rows, numbers_of
from etl.load.duckdb import obstacles, reading, refill, schema
from etl.load.duckdb.errors import explained
from etl.load.duckdb.file import DuckDBFile
from etl.load.duckdb.head import head_of
from etl.load.duckdb.publish import move_head, receipt, replace_rows
from etl.load.duckdb.session import MEMORY, MORE_MEMORY, with_room
from etl.load.duckdb.sql import attached, literal, quoted
from etl.load.etl_runs import ETL_RUNS, NEWEST, published_of
from etl.load.head import ETL_HEAD
from etl.load.shape import Difference
from etl.load.warehouse import Handover, Published

_NIGHT = "night"
"""The name of the attached file. While its next version is made, the file itself is `last_night`."""


class DuckDBWarehouse:
    """The published tables in one file. Beside it, while a load is at work: its lock, and a working folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = DuckDBFile(path)
        self._staging = self._file.work / "staging"
        self._seen: tuple[str | None, schema.Shapes] = None, {}

    def __enter__(self) -> "DuckDBWarehouse":
        return self

    def __exit__(self, *exc: object) -> None:
        """Let other loads in; nothing else stays open between calls."""
        self._file.close()

    def changes(self, contracts: list[Contract], refill: Collection[str] = ()) -> list[str]:
        """Say, a sentence each, what `ensure` would do; raise WarehouseError where it would refuse."""
        differences, anew = self._differences(contracts, refill)
        said = [told for each in differences if each not in anew and (told := each.sentence())]
        return [*said, *map(refilling.sentence, anew)]

    def ensure(self, contracts: list[Contract], refill: Collection[str] = ()) -> None:
        """Create the file and tables, add new nullable columns, renew descriptions; keep other loads out from now."""
        with explained("preparing", self.path):
            self._file.lock()
        differences, anew = self._differences(contracts, refill)
        lacking = [difference for difference in differences if difference.additive and difference not in anew]
        if not lacking:
            return
        with self._next_version() as connection:
            for difference in lacking:
                for statement in schema.change(difference):
                    connection.execute(statement)
                if difference.table == ETL_HEAD.name and difference.found is None:
                    connection.execute(f"INSERT INTO {ETL_HEAD.name} {heads.first_row(ETL_RUNS.name)}")

    def to_refill(self, contracts: list[Contract], refill: Collection[str]) -> list[str]:
        """Name the tables that would be made anew."""
        return [difference.table for difference in self._differences(contracts, refill)[1]]

    def refill_sql(self, handovers: list[Handover], contracts: list[Contract], before: Head) -> str:
        """Write the statements by which tables would be made anew, in a copy of the file."""
        return refill.planned(self._anew(handovers, contracts))

    def refill(self, run: str, handovers: list[Handover], contracts: list[Contract], before: Head) -> dict[str, str]:
        """Make tables anew in a copy of the file, and rename it over the file; then prepare it as `ensure` does."""
        every, kept = self._anew(handovers, contracts), {}
        with self._next_version(MORE_MEMORY) as connection:
            heads.check(connection.sql(READ).to_arrow_table(), before)
            for handover, difference in every:
                relation = self._parquet(run, handover)
                kept[difference.table] = refill.make_anew(connection, _NIGHT, run, difference, handover, relation)
        self.ensure(contracts)
        return kept

    def _anew(self, handovers: list[Handover], contracts: list[Contract]) -> list[tuple[Handover, Difference]]:
        allowed = {handover.contract.name: handover for handover in handovers}
        return [(allowed[each.table], each) for each in self._differences(contracts, allowed)[1]]

    def drop(self, run: str, table: str, before: Head) -> str:
        """Keep a copy of a table in the file, and drop it."""
        with explained("preparing", self.path):
            self._file.lock()
        there = table in self._shapes()
        with self._next_version() as connection:
            heads.check(connection.sql(READ).to_arrow_table(), before)
            return refill.drop(connection, run, table, is_there=there)

    def check(self, run: str, handovers: list[Handover]) -> None:
        """Refuse nothing: a file takes any number of tables and columns."""

    def stage(self, run: str, handover: Handover) -> None:
        """Keep the Parquet files under the run's name, as hard links where the disk allows, and count their rows."""
        for part in handover.staged:
            folder = self._staged(run, part)
            with explained(f"staging {handover.contract.name} for", self.path):
                if folder.exists():
                    shutil.rmtree(folder)
                folder.mkdir(parents=True)
                for file in part.files:
                    link_or_copy(file, folder / file.name)
            check_rows(part, self.staged_rows(run, part))

    def staged_rows(self, run: str, handover: Handover) -> int:
        """Count the rows of the staged Parquet files."""
        with self._connected("checking what is staged for") as connection:
            [(rows,)] = connection.execute(f"SELECT COUNT(*) FROM {self._parquet(run, handover)}").fetchall()
        return int(rows)

    def published_receipt(self, contract: Contract, like: TableReceipt) -> TableReceipt | None:
        """Compute the receipt of a published table."""
        if contract.name not in self._shapes():
            return None
        with self._connected("checking", attach=True) as connection:
            return receipt(connection, contract, like, f"last_night.main.{quoted(contract.name)}")

    def marks(self, tables: list[str]) -> dict[str, str]:
        """Tell, of every table, when the file was changed last."""
        mark = self._file.mark()
        return dict.fromkeys(tables, mark) if mark else {}

    def publish(self, handovers: list[Handover], before: Head, after: Head) -> dict[str, str]:
        """Move the head and replace the rows in a copy of the file, check it, and rename it over the file."""
        with_room(handovers, lambda memory: self._publish(memory, handovers, before, after))
        self._file.clear()
        mark = self._file.published
        return {handover.contract.name: mark for handover in handovers} if mark else {}

    def _publish(self, memory: str, handovers: list[Handover], before: Head, after: Head) -> None:
        parts = [part for handover in handovers for part in handover.staged]
        staged = {(part.contract.name, part.part): self._parquet(after.run, part) for part in parts}
        with self._next_version(memory) as connection:
            move_head(connection, before, after)
            refill.forget(connection, datetime.now(UTC))
            replace_rows(connection, _NIGHT, after.run, handovers, staged)

    def head(self) -> Head:
        """Read the head."""
        return head_of(self.path)

    def published(self) -> list[Published]:
        """List, for each published table, its newest row of `etl_runs`."""
        return published_of(self._asked(NEWEST)) if ETL_RUNS.name in self._shapes() else []

    def existing(self, tables: list[str]) -> Collection[str]:
        """Return those of these tables that are in the file."""
        return set(tables) & set(self._shapes())

    def numbers(self, contract: Contract) -> pa.Table | None:
        """Read a dimension's numbers."""
        found = self._shapes().get(contract.name)
        query = numbers_of(contract, {column.name for column in found.columns}, quoted) if found else None
        return self._asked(query) if query else None

    def read(self, sql: str) -> pa.Table:
        """Run a query over the published tables."""
        with self.reading() as read:
            return read(sql)

    def reading(self) -> AbstractContextManager[Callable[[str], pa.Table]]:
        """Yield `read` for several queries: opening the file costs more than most of them."""
        return reading.reader(self.path)

    def batches(self, sql: str) -> Generator[pa.RecordBatch]:
        """Run a query over the published tables, in bounded memory."""
        yield from reading.batches(self.path, sql)

    def check_reads(self, sql: str) -> None:
        """Refuse what is not one statement that only reads."""
        reading.check(self.path, sql)

    def describe(self) -> str:
        """Return where the tables are and how to look into them."""
        program = f"duckdb -readonly {quote(str(self.path))}"
        return f"The tables are in the DuckDB file {self.path}; with DuckDB's own program: {program}"

    def _shapes(self) -> schema.Shapes:
        """Read what tables there are; again, once the file is another."""
        mark = self._file.mark()
        if mark and mark != self._seen[0]:
            with self._connected("reading", attach=True) as connection:
                self._seen = mark, schema.found(connection, "last_night")
        return self._seen[1] if mark else {}

    def _differences(
        self, contracts: Sequence[Contract], refill: Collection[str]
    ) -> tuple[list[Difference], list[Difference]]:
        """Find what the tables lack, and those to be made anew. Raises WarehouseError with all that needs a person."""
        check_names(contracts)
        shapes, every = self._shapes(), [*contracts, ETL_RUNS, ETL_HEAD]
        differences = [schema.compare(contract, shapes) for contract in every]
        cure = f"Undo what was done in {self.path}."
        return differences, refilling.to_refill(differences, refill, self._obstacles(every), cure)

    def _obstacles(self, contracts: Sequence[Contract]) -> list[str]:
        if not self.path.exists():
            return []
        with self._connected("reading", attach=True) as connection:
            return list(obstacles.of_database(connection, "last_night", [contract.name for contract in contracts]))

    def _asked(self, sql: str) -> pa.Table:
        """Run a query of our own: what anybody may write is run by `read`, which sees nothing besides."""
        with self._connected("reading", attach=True) as connection:
            connection.execute("USE last_night")
            return connection.sql(sql).to_arrow_table()

    @contextmanager
    def _connected(
        self, doing: str, memory: str = MEMORY, *, attach: bool = False
    ) -> Iterator[duckdb.DuckDBPyConnection]:
        with explained(doing, self.path), session(self._file.work / "spill", memory) as connection:
            connection.execute("SET preserve_insertion_order = false")
            if attach:
                connection.execute(attached(self.path, "last_night"))
            yield connection

    @contextmanager
    def _next_version(self, memory: str = MEMORY) -> Iterator[duckdb.DuckDBPyConnection]:
        """Yield a copy of the file to be changed; it takes the file's place if the caller's block raises nothing."""
        doing = "building the new tables of"
        with self._connected(doing, memory) as connection, self._file.next_version() as new:
            if self.path.exists():
                connection.execute(attached(self.path, "last_night"))  # after the copy, during which others may write
            connection.execute(f"ATTACH {literal(str(new))} AS {_NIGHT}")
            connection.execute(f"USE {_NIGHT}")
            yield connection
            connection.execute(f"CHECKPOINT {_NIGHT}; USE memory; DETACH {_NIGHT}")

    def _staged(self, run: str, handover: Handover) -> Path:
        return self._staging / run / ".".join(filter(None, [handover.contract.name, handover.part]))

    def _parquet(self, run: str, handover: Handover) -> str:
        folder = self._staged(run, handover)
        return f"read_parquet([{', '.join(literal(str(folder / file.name)) for file in handover.files)}])"
