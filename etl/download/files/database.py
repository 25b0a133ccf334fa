"""A folder of files: a query names them, as in FROM 'orders-*.csv', and sees each as it was when it was planned.

DuckDB, in memory, can read this folder, and nothing else of the machine.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from secrets import token_hex
from tempfile import gettempdir
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, CursorResult
from sqlalchemy.engine import URL, make_url

from etl.company.queries import Query
from etl.company.sql import quoted_in
from etl.core.errors import SourceError, UsageError
from etl.core.manifest import RawColumn
from etl.download.duckdb.database import DuckDb
from etl.download.files.errors import FAULTS
from etl.download.files.tables import ENDINGS, EXCEL, PARQUET, csv_relation, literal, parquet_relation, sheet
from etl.download.generic.columns import Column
from etl.download.source import Limits, SnapshotError

_OPTIONS = ("encoding", "separator")
_MEMORY = "512MB"
_LOOK = "Write the file's name as it stands in the folder."

_State = tuple[int, int, int]


class Files(DuckDb):
    """A folder of CSV, Parquet and Excel files."""

    faults = FAULTS

    def __init__(self, url: URL, limits: Limits) -> None:
        super().__init__(url, limits)
        self._folder = Path(url.database or ".").resolve()
        self._seen: dict[Path, _State] = {}
        if stray := sorted(set(url.query) - set(_OPTIONS)):
            raise UsageError(f"A source of files has no option {stray[0]}.", f"It has: {', '.join(_OPTIONS)}.")

    def engine_url(self) -> URL:
        """Return what is opened: a database in memory."""
        return make_url("duckdb:///:memory:")

    def engine_options(self) -> dict[str, Any]:
        """Return the arguments of `create_engine`."""
        return {}

    def begin(self, connection: Connection) -> datetime:
        """Let DuckDB read the folder only."""
        instant = super().begin(connection)
        folder = literal(str(self._folder))
        for setting in (
            f"memory_limit = '{_MEMORY}'",
            f"temp_directory = {literal(f'{gettempdir()}/etl-files-{token_hex(8)}')}",
            f"allowed_directories = [{folder}]",
            f"file_search_path = {folder}",
            "python_enable_replacements = false",
            "enable_external_access = false",
            "lock_configuration = true",
        ):
            connection.exec_driver_sql(f"SET {setting}")
        return instant

    def columns(self, connection: Connection, query: Query, binds: Mapping[str, str]) -> list[Column]:
        """Look for the files that a query names, and ask for its columns."""
        for name, is_table in quoted_in(query.sql, query.dialect):
            file, _, part = name.partition("#")
            if file.lower().endswith(ENDINGS):
                self._offer(connection, query, name, file, part, is_table=is_table)
            elif is_table and f"'{name}'" in query.sql:  # in double quotes it may be a name of the query's own
                raise self._unknown(query, file)
        return super().columns(connection, query, binds)

    def batches(self, result: CursorResult[Any], columns: Sequence[RawColumn]) -> Iterator[pa.Array]:
        """Yield the rows, and look whether any file has changed by then. Raises SnapshotError."""
        yield from super().batches(result, columns)
        for file, state in self._seen.items():
            if _state(file) != state:
                raise SnapshotError(
                    f"{file.name} was changed while it was read.",
                    "Write files beside the folder, and move them into it.",
                )

    def _offer(self, connection: Connection, query: Query, name: str, file: str, part: str, *, is_table: bool) -> None:
        """Make a view of the very name that the query writes."""
        files = self._found(query, file)
        if not files and is_table:
            raise SourceError(f"{query.path}: there is no file {file} in {self._folder}.{self._meant(file)}", _LOOK)
        if not files:
            return  # a text that looks like a file
        self._seen |= {path: state for path in files if (state := _state(path))}
        view = '"' + name.replace('"', '""') + '"'
        kind = file.lower()
        if kind.endswith(EXCEL):
            if len(files) > 1:
                raise SourceError(f"{query.path}: {file} names several workbooks.", "Name one of them.")
            driver: Any = connection.connection.driver_connection
            driver.register(name, sheet(files[0], part))
            return
        setting = f"SOURCE_{query.source.upper()}_URL"
        options = {key: str(value) for key, value in self._url.query.items()}
        relation = parquet_relation(files) if kind.endswith(PARQUET) else csv_relation(files, options, setting)
        connection.exec_driver_sql(f"CREATE OR REPLACE TEMP VIEW {view} AS SELECT * FROM {relation}")

    def _unknown(self, query: Query, file: str) -> SourceError:
        """Explain that a query names something that is no file of a kind that can be read."""
        self._found(query, file)
        return SourceError(
            f"{query.path}: '{file}' does not end in {', '.join(ENDINGS)}, and cannot be read.{self._meant(file)}",
            _LOOK,
        )

    def _meant(self, file: str) -> str:
        near = get_close_matches(file, [path.name for path in self._folder.iterdir()], 1)
        return f" Did you mean {near[0]}?" if near else ""

    def _found(self, query: Query, pattern: str) -> list[Path]:
        """Return the files of a name or pattern that lie in the folder, by their names."""
        if pattern.startswith("/") or ".." in Path(pattern).parts:
            raise SourceError(
                f"{query.path}: '{pattern}' is outside of {self._folder}.", "Name a file in the folder of the source."
            )
        paths = self._folder.glob(pattern) if re.search(r"[*?\[]", pattern) else [self._folder / pattern]
        return sorted(path for path in paths if path.is_file() and path.resolve().is_relative_to(self._folder))


def _state(file: Path) -> _State | None:
    """Return what changes with a file; None where it is gone."""
    try:
        told = file.stat()
    except OSError:
        return None
    return told.st_ino, told.st_size, told.st_mtime_ns
