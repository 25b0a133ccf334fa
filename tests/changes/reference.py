"""The slow and obvious way to a star: all rows are read, and all tables built, by a folder that keeps nothing but keys.

A member's surrogate key hangs on the stars that were committed before, published or not: the key map of a star is that
of the newest committed one, grown. So the reference builds each star that the nights commit, also of those that were
killed or refused afterwards, in their order; and none of a night that committed no star. What a star holds besides its
keys hangs on nothing but the source and the table files, so it is the same whenever it is published, as by an undo.
"""

import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from config.paths import ROOT
from etl import transform
from etl.core.counts import Counts
from etl.core.duckdb_session import session
from etl.core.manifest import StarManifest, StarTable
from etl.published import ask
from etl.transform.months import Months
from tests.download.company import Company, Ended
from tests.transform.house import in_this_process

Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Built:
    """A table of a star: its columns, its rows in an order of their own, and what its manifest counts."""

    columns: list[str]
    rows: Rows
    counts: dict[str, Any]


class Reference:
    """A company of the same source, queries and table files, in a folder of its own."""

    def __init__(self, of: Company, folder: Path) -> None:
        here = {"QUERIES_DIR": str(of.folder / "queries"), "DATA_DIR": str(folder / "data")}
        self._company = Company(folder, of.sources, of.settings | here)
        folder.mkdir(parents=True)

    def build(self) -> dict[str, Built]:
        """Build the star of what the source has now."""
        company = self._company
        extracted = company.download("--full")
        assert extracted.code == 0, extracted.err
        built = build(company)
        assert built.code == 0, built.err
        star = company.store.star.newest("")
        assert not any(table.change or table.superseded for table in star.tables.values())
        found = tables_of(company, star)
        self._forget(company.store.star.path(star.run))
        return found

    def _forget(self, star: Path) -> None:
        """Keep the key maps alone, and what the engine needs to find them."""
        shutil.rmtree(self._company.store.raw.folder)
        for path in star.parent.iterdir():
            if path != star:
                shutil.rmtree(path)
        for path in star.iterdir():
            if path.suffix in (".csv", ".parquet"):
                path.unlink()


def build(company: Company) -> Ended:
    """Run stage 2."""
    with in_this_process():
        return company.call(ROOT / "TablesTransformMain.py", partial(transform.run, ask=ask))


def tables_of(company: Company, star: StarManifest) -> dict[str, Built]:
    """Read the tables of a star from its Parquet, all of whose rows are the table's."""
    folder = company.store.star.path(star.run)
    found = {}
    with session() as db:
        for name, table in star.tables.items():
            files = [str(folder / file.parquet.name) for file in table.files if file.parquet]
            relation = db.sql(f"SELECT * FROM read_parquet({files})")
            found[name] = Built(relation.columns, in_order(relation.fetchall()), counts_of(table))
    return found


def counts_of(table: StarTable) -> dict[str, Any]:
    """Give what became of the rows that went into a table, and its sums by month; a sum of nothing is 0."""
    told = table.model_dump(include=set(Counts.model_fields)) | {"rows": table.rows}
    return told | {"months": _not_0(table.months), "left": _not_0(table.left)}


def _not_0(months: Months) -> Months:
    """Leave out the sums that are 0, which the guards take for none."""
    found = {month: {name: text for name, text in sums.items() if text != "0"} for month, sums in months.items()}
    return {month: sums for month, sums in found.items() if sums}


def in_order(rows: Rows) -> Rows:
    """Bring rows into an order of their own."""
    return sorted(rows, key=repr)
