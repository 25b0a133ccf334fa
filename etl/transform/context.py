"""What a worker needs to build a table: small enough to be sent with each piece of work."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from uuid import uuid4

from etl.company.corrections import Correction
from etl.company.tables import NIGHT, TableFile, read_tables
from etl.contract import Night
from etl.core.folders import MANIFEST
from etl.core.manifest import RawManifest, RawTable, StarManifest
from etl.core.personal import Marks
from etl.receipts.level import Level
from etl.transform.before import Before

_BLOCKS_A_PORTION = 4
"""A portion then takes about as much memory as a block does: it is of what 270,000 contracts make."""


@dataclass(frozen=True)
class Context:
    """One transform: the raw run that it reads, the folder that it writes, the star that gave the keys so far.

    code: the fingerprint of the table files; last_star: the newest committed star; carried: tables that --only leaves
    as they are there; renewed: dimensions whose key map is there already, and begins otherwise than the last star's;
    level: how much receipts prove; personal: the columns of each query that hold personal data; hidden: those of them
    for which pseudonyms stand in rejects, under pseudonym_key; keeps: whether what the next star can be built upon is
    kept (etl.transform.kept); before: dimensions as they were published last, as far as they are needed; id: of this
    transform alone.
    """

    tables_dir: Path
    code: str
    raw: Path
    folder: Path
    last_star: Path | None
    carried: frozenset[str]
    night: Night
    level: Level
    personal: Mapping[str, frozenset[str]]
    corrections: tuple[Correction, ...] = ()
    renewed: frozenset[str] = frozenset()
    pseudonym_key: bytes | None = field(default=None, repr=False)
    hidden: Mapping[str, frozenset[str]] = field(default_factory=dict)
    keeps: bool = False
    before: Mapping[str, Before] = field(default_factory=dict)
    id: str = field(default_factory=lambda: uuid4().hex)

    def corrections_of(self, query: str) -> tuple[Correction, ...]:
        """Return the corrections of a query's rows."""
        return tuple(correction for correction in self.corrections if correction.query == query)

    def keys_before(self, name: str) -> Path | None:
        """Return in which star's folder the key map lies with which a dimension begins."""
        return self.folder if name in self.renewed else self.last_star

    @property
    def tables(self) -> dict[str, TableFile]:
        """The table files."""
        return read_tables(self.tables_dir, self.code)

    def raw_table(self, name: str) -> RawTable:
        """Return the manifest's entry of a query's CSV, without the source's receipt where none is wanted."""
        path = self.raw / MANIFEST
        written = path.stat()
        return self.level.raw(_raw_manifest(path, written.st_ino, written.st_mtime_ns).tables[name])


def reads_personal_data(context: Context, table: TableFile) -> bool:
    """Whether a value that a table's functions see may be personal data."""
    read = {name for function in (table.build, *table.partials) for name in function.parameters} - {NIGHT}
    contracts = [table.contract, *(context.tables[name].contract for name in read if name in context.tables)]
    queries = [name for name in read if name not in context.tables]
    return any(contract.personal for contract in contracts) or any(context.personal[name] for name in queries)


def personal_columns(raw: RawManifest, tables_dir: Path) -> dict[str, frozenset[str]]:
    """Name the columns of each query that hold personal data: by its run, and by what the table files mark now."""
    marks = Marks.of(tables_dir)
    return {
        name: table.personal | marks.in_query(name, [column.name for column in table.columns])
        for name, table in raw.tables.items()
    }


def doubled_key(name: str) -> str:
    """Word the reason for which a row yields to the survivor."""
    return f"doubled key in {name}, another row survives"


def star_files(context: Context, name: str) -> list[Path]:
    """Return where the CSVs of a star table lie that is built, or carried over."""
    if name in context.carried and context.last_star:
        manifest = StarManifest.model_validate_json((context.last_star / MANIFEST).read_bytes())
        return [context.last_star / file.name for file in manifest.tables[name].files]
    contract = context.tables[name].contract
    if contract.stream and contract.is_seen:  # its parts are of members, and not of blocks
        return sorted(context.folder.glob(f"{name}.[0-9][0-9][0-9][0-9][0-9].csv"))
    if contract.stream:
        return [context.folder / part_of(name, number) for number in range(blocks_of(context, name))]
    if contract.group_by:
        return [context.folder / part_of(name, number) for number in range(portions(context, context.tables[name]))]
    return [context.folder / f"{name}.csv"]


def part_of(name: str, number: int) -> str:
    """Name the file of a table's part: of a block of what it streams, or of a portion of its groups."""
    return f"{name}.{number:05}.csv"


def blocks_of(context: Context, stream: str) -> int:
    """Count the blocks in which a query, or what a streamed table makes of it, is read."""
    queries = context.tables[stream].contract.stream if stream in context.tables else (stream,)
    return sum(len(context.raw_table(query).blocks) for query in queries)


def part_number(context: Context, name: str, stream: str, block: int) -> int:
    """Number the part that a table makes of a block of one of the queries that it streams."""
    streams = context.tables[name].contract.stream
    return block + sum(blocks_of(context, query) for query in streams[: streams.index(stream)])


def portions(context: Context, table: TableFile) -> int:
    """Count the portions of its groups in which a table is built; 1 where it is built at once."""
    if not table.contract.group_by:
        return 1
    blocks = max(blocks_of(context, partial.parameters[0]) for partial in table.partials)
    return max(-(-blocks // _BLOCKS_A_PORTION), 1)


@lru_cache(maxsize=2)
def _raw_manifest(path: Path, inode: int, written_at: int) -> RawManifest:  # noqa: ARG001 -- which file of that name
    """Read a manifest once: a folder that was restored may have another one by the same name."""
    return RawManifest.model_validate_json(path.read_bytes())
