"""What a worker needs to build a table, and its memory of what it has read: all small enough to be sent."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from etl.company.corrections import Correction
from etl.company.tables import NIGHT, Function, TableFile, read_tables
from etl.contract import Night
from etl.contract.lookup import KeyIndex, compact
from etl.core import arrow_csv
from etl.core.folders import MANIFEST
from etl.core.manifest import RawManifest, RawTable, StarManifest
from etl.core.personal import Marks
from etl.transform.check import Members
from etl.transform.frames import all_but
from etl.transform.keys import UNKNOWN, doubled_rows, losers, read_members
from etl.transform.raw import RawRows, Reject, as_json, read_whole

_BLOCKS_A_PORTION = 4
"""A portion then takes about as much memory as a dimension does, beside which it is built: 250,000 contracts."""


@dataclass(frozen=True)
class Context:
    """One transform: the raw run that it reads, the folder that it writes, the star that gave the keys so far.

    code: the fingerprint of the table files; last_star: the newest committed star; carried: tables that --only leaves
    as they are there; renewed: dimensions whose key map is there already, and begins otherwise than the last star's;
    receipts: the setting.
    """

    tables_dir: Path
    code: str
    raw: Path
    folder: Path
    last_star: Path | None
    carried: frozenset[str]
    night: Night
    receipts: str
    corrections: tuple[Correction, ...] = ()
    renewed: frozenset[str] = frozenset()

    def corrections_of(self, query: str) -> tuple[Correction, ...]:
        """Give the corrections of a query's rows."""
        return tuple(correction for correction in self.corrections if correction.query == query)

    def keys_before(self, name: str) -> Path | None:
        """Say in which star's folder the key map lies with which a dimension begins."""
        return self.folder if name in self.renewed else self.last_star

    @property
    def tables(self) -> dict[str, TableFile]:
        """The table files."""
        return read_tables(self.tables_dir, self.code)

    def raw_table(self, name: str) -> RawTable:
        """Give the manifest's entry of a query's CSV, without the source's receipt where none is wanted."""
        path = self.raw / MANIFEST
        written = path.stat()
        table = _raw_manifest(path, written.st_ino, written.st_mtime_ns).tables[name]
        return table if self.receipts != "off" else table.model_copy(update={"receipt": None})


def arguments(context: Context, function: Function, given: dict[str, pd.DataFrame]) -> list[object]:
    """Collect what a function's parameters name: the night, what is given, star tables, raw tables.

    Frames are shallow copies: what a function changes in them, its successor in this process does not see.
    """
    return [
        context.night if name == NIGHT else _frame(context, name, given).copy(deep=False)
        for name in function.parameters
    ]


def _frame(context: Context, name: str, given: dict[str, pd.DataFrame]) -> pd.DataFrame:
    if name in given:
        return given[name]
    return star_frame(context, name) if name in context.tables else raw_rows(context, name).frame


@lru_cache(maxsize=4)
def raw_rows(context: Context, name: str) -> RawRows:
    """Read a query's CSV whole; of rows with the same key the survivor stays."""
    table = context.raw_table(name)
    rows = read_whole(context.raw, table, context.corrections_of(name))
    out = losers(rows.frame, table.key, table.survivor)
    if not len(out):
        return rows
    if not table.survivor:
        raise doubled_rows(table.file, rows.frame.iloc[out], table.key, personal_of_query(context, name))
    rejects = [(doubled_key(name), row) for row in as_json(rows.frame.iloc[out])]
    standing = all_but(rows.frame, out).reset_index(drop=True)
    return RawRows(standing, rows.rejects + rejects, corrected=rows.corrected)


def raw_rejects(context: Context, table: TableFile) -> list[Reject]:
    """Give the rejects of the queries that a table reads whole."""
    return [reject for name in read_at_once(context, table) for reject in raw_rows(context, name).rejects]


def read_at_once(context: Context, table: TableFile) -> list[str]:
    """Name the queries that a table reads whole."""
    functions = (table.build, *table.partials)
    streamed = {table.contract.stream, *(f.parameters[0] for f in table.partials)}
    read = dict.fromkeys(p for f in functions for p in f.parameters if p not in context.tables)
    return [name for name in read if name != NIGHT and name not in streamed]


def reads_personal_data(context: Context, table: TableFile) -> bool:
    """Whether a value that a table's functions see may be personal data."""
    read = {name for function in (table.build, *table.partials) for name in function.parameters} - {NIGHT}
    contracts = [table.contract, *(context.tables[name].contract for name in read if name in context.tables)]
    queries = [name for name in read if name not in context.tables]
    return any(contract.personal for contract in contracts) or any(personal_of_query(context, name) for name in queries)


def personal_of_query(context: Context, name: str) -> frozenset[str]:
    """Name the columns of a query that hold personal data: by its run, and by what the table files mark now."""
    table = context.raw_table(name)
    return table.personal | Marks.of(context.tables_dir).in_query(name, [column.name for column in table.columns])


def doubled_key(name: str) -> str:
    """Word the reason for which a row yields to the survivor."""
    return f"doubled key in {name}, another row survives"


def star_files(context: Context, name: str) -> list[Path]:
    """Say where the CSVs of a star table lie that is built, or carried over."""
    if name in context.carried and context.last_star:
        manifest = StarManifest.model_validate_json((context.last_star / MANIFEST).read_bytes())
        return [context.last_star / file.name for file in manifest.tables[name].files]
    contract = context.tables[name].contract
    if contract.stream:
        return [context.folder / part_of(name, number) for number in range(blocks_of(context, contract.stream))]
    if contract.group_by:
        return [context.folder / part_of(name, number) for number in range(portions(context, context.tables[name]))]
    return [context.folder / f"{name}.csv"]


def part_of(name: str, number: int) -> str:
    """Name the file of a table's part: of a block of what it streams, or of a portion of its groups."""
    return f"{name}.{number:05}.csv"


def blocks_of(context: Context, stream: str) -> int:
    """Count the blocks in which a query, or what a streamed table makes of it, is read."""
    query = context.tables[stream].contract.stream if stream in context.tables else stream
    return len(context.raw_table(str(query)).blocks)


def portions(context: Context, table: TableFile) -> int:
    """Count the portions of its groups in which a table is built; 1 where it is built at once."""
    if not table.contract.group_by:
        return 1
    blocks = max(blocks_of(context, partial.parameters[0]) for partial in table.partials)
    return max(-(-blocks // _BLOCKS_A_PORTION), 1)


@lru_cache(maxsize=16)
def star_frame(context: Context, name: str) -> pd.DataFrame:
    """Read a star table without its unknown member."""
    contract = context.tables[name].contract
    parts = (part for path in star_files(context, name) for part in arrow_csv.batches(path, contract.schema))
    if contract.surrogate_key:
        parts = (part.filter(pc.field(contract.surrogate_key) != UNKNOWN) for part in parts)
    whole = pa.concat_tables([contract.schema.empty_table(), *parts])
    frame: pd.DataFrame = whole.to_pandas(types_mapper=pd.ArrowDtype)
    return frame


@lru_cache(maxsize=16)
def members(context: Context, name: str) -> Members:
    """Read a dimension's keys."""
    contract = context.tables[name].contract
    key = str(contract.surrogate_key)
    star = context.last_star if name in context.carried and context.last_star else context.folder
    known = read_members(star, contract)
    if known is None:
        schema = pa.schema([contract.schema.field(column) for column in (key, *contract.natural_key)])
        parts = (part for path in star_files(context, name) for part in arrow_csv.batches(path, schema))
        known = pa.concat_tables(part.filter(pc.field(key) != UNKNOWN) for part in parts)
    numbers = known.column(key).to_numpy()
    index = KeyIndex(known.select(list(contract.natural_key)).to_pandas(types_mapper=pd.ArrowDtype))
    return Members(index, compact(numbers))


@lru_cache(maxsize=2)
def _raw_manifest(path: Path, inode: int, written_at: int) -> RawManifest:  # noqa: ARG001 -- which file of that name
    """Read a manifest once: a folder that was restored may have another one by the same name."""
    return RawManifest.model_validate_json(path.read_bytes())
