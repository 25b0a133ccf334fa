"""A company as the doctor sees it: its settings, and of its files those that can be read.

Whoever needs the queries alone is not to import what table files need: that takes a second.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import config
from config import Settings
from etl.company.queries import Query, read_query
from etl.core.errors import ContractError, EtlError, UsageError
from etl.core.names import query_files
from etl.core.origin import read_url
from etl.core.personal import Marks
from etl.doctor.check import Finding, failure
from etl.download.stage import dialects_of

if TYPE_CHECKING:
    from etl.company.tables import TableFile


class Company:
    """A settings file and what it names; a file that is faulty is left out by whoever needs the others."""

    def __init__(self, settings_file: Path, settings: Settings) -> None:
        self.settings_file, self.settings = settings_file, settings

    @cached_property
    def queries(self) -> dict[str, Query]:
        """The queries that can be read."""
        return {path.stem: query for path, query, _ in self._read_queries if query}

    @cached_property
    def query_faults(self) -> list[EtlError]:
        """What is wrong with the others."""
        return [fault for _, _, fault in self._read_queries if fault]

    @cached_property
    def _read_queries(self) -> list[tuple[Path, Query | None, EtlError | None]]:
        found: list[tuple[Path, Query | None, EtlError | None]] = []
        dialects, marks = dialects_of(self.settings), Marks.of(self.settings.tables_dir)
        for path in query_files(self.settings.queries_dir):
            try:
                found.append((path, replace(read_query(path, dialects), marks=marks), None))
            except ContractError as fault:
                found.append((path, None, fault))
        return found

    @cached_property
    def tables(self) -> dict[str, TableFile]:
        """The tables; none where one is faulty."""
        from etl.company.tables import read_tables

        try:
            return read_tables(self.settings.tables_dir)
        except EtlError:
            return {}


def read_settings(settings_file: Path) -> tuple[Settings | None, list[Finding]]:
    """Read the settings; returns what is wrong with them, too, also where a source's URL cannot be read."""
    try:
        settings = config.load(settings_file)
    except config.SettingsError as error:
        first, *others = error.message.split("\n")
        return None, [failure(said.strip(), error.hint) for said in others or [first]]
    faults = []
    for name, url in settings.sources.items():
        try:
            read_url(name, url.get_secret_value())
        except UsageError as error:
            faults.append(failure(error.message, error.hint))
    return (None if faults else settings), faults
