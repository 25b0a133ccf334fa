"""A company whose queries and tables are drafted, and its nights."""

from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

from tests.bug_reports.company import Stranger
from tests.called import etl
from tests.published import reading


class Drafted(Stranger):
    """Its source is `shop`."""

    def __init__(self, folder: Path, url: str | None = None) -> None:
        super().__init__(folder, url)
        self.settings |= {"QUERIES_DIR": str(folder / "queries"), "TABLES_DIR": str(folder / "tables")}

    def draft(self, *tables: str) -> CompletedProcess[str]:
        """Call `etl draft`."""
        return etl("draft", self.env, "shop", *tables)

    def drafted(self, *tables: str) -> None:
        """Draft tables, which must go well."""
        ended = self.draft(*tables)
        assert ended.returncode == 0, ended.stderr

    def text(self, name: str) -> str:
        """Read a drafted file."""
        return next(self.folder.glob(f"*/{name}")).read_text(encoding="utf-8")

    def asked(self, query: str) -> list[tuple[Any, ...]]:
        """Query what is published."""
        with reading(self.data / "warehouse.duckdb") as connection:
            return connection.execute(query).fetchall()
