"""Keys over whole tables: surrogate keys that stay the same, and rows whose key occurs twice."""

import hashlib
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from etl.contract.column import UNKNOWN
from etl.contract.comparing import comparable
from etl.contract.key_index import KeyIndex
from etl.contract.table import Contract
from etl.core.errors import ContractError, DataError, StorageError
from etl.core.folders import for_arrow
from etl.core.safe_text import safe
from etl.core.surrogates import converted, schema_of

Hashes = npt.NDArray[np.uint64]

_MEMBERS, _GREATEST = b"members", b"greatest"

KEYS = "keys"
"""The folder of a star's key maps."""
BUCKETS = 32
"""How many buckets rows are parted into: of a thousand rows that would be one sum, some thirty are."""


def give_surrogate_keys(
    natural: pa.Table, known: pa.Table | None, key: str, first: int | None = None
) -> tuple[pa.Array, pa.Table]:
    """Return each member its surrogate key: the known one, or the next free number in the order of the natural key.

    natural: the members' natural keys. known: the key map so far. first: the next free number, where the key map does
    not say it. Gives the keys and the key map, which only grows.
    """
    if known is None:
        known = natural.schema.append(pa.field(key, pa.int64())).empty_table()
    names = natural.column_names
    positions = _index(known.select(names)).positions(_columns(natural, names))
    numbers = known.column(key).to_numpy()
    new = np.flatnonzero(positions < 0)
    added = natural.take(pa.array(new))
    order = pc.sort_indices(added, sort_keys=[(name, "ascending") for name in names]).to_numpy()
    first = greatest_of(known) + 1 if first is None else first
    fresh = np.empty(len(new), dtype=np.int64)
    fresh[order] = np.arange(first, first + len(new))
    keys = np.where(positions < 0, 0, numbers[positions] if len(numbers) else 0)
    keys[new] = fresh
    grown = added.append_column(key, pa.array(fresh)).take(pa.array(order))
    return pa.array(keys), pa.concat_tables([known, grown.cast(known.schema)])


def greatest_of(known: pa.Table) -> int:
    """Return the greatest number that was ever given, as far as a key map knows; its member may be gone."""
    told = int((known.schema.metadata or {}).get(_GREATEST, UNKNOWN))
    return max(told, int(known.column(-1).to_numpy().max(initial=UNKNOWN)))


def begun_after(known: pa.Table | pa.Schema, greatest: int) -> pa.Table:
    """Return a key map whose next number comes after `greatest`; of a schema, one without members."""
    table = known.empty_table() if isinstance(known, pa.Schema) else known
    return table.replace_schema_metadata({_GREATEST: str(greatest)})


def read_numbers(star: Path, contract: Contract) -> pa.Table | None:
    """Read the key map of a committed star as it was written; None where the dimension is new."""
    return _read(star, contract, pq.read_table)


def columns_of_numbers(star: Path, contract: Contract) -> pa.Schema | None:
    """Read the columns alone of the key map of a committed star; None where the dimension is new."""
    return _read(star, contract, pq.read_schema)


def _read(star: Path, contract: Contract, read: Callable[[Any], Any]) -> Any:
    path = star / KEYS / f"{contract.name}.parquet"
    if not path.is_file():
        if any((star / name).exists() for name in (f"{contract.name}.csv", f"{contract.name}.00000.csv")):
            raise DataError(
                f"{path} is gone, so {contract.name} would give its members other keys than last night.",
                "Bring the file back, or move that star away: the keys are then taken from the published tables.",
            )
        return None
    try:
        with for_arrow(path, "rb") as source:
            return read(source)
    except StorageError:
        raise
    except (pa.ArrowException, OSError) as error:
        raise DataError(
            f"The key map {path} cannot be read: {error}.",
            "Move that star away: the keys are then taken from the published tables.",
        ) from None


def read_key_map(star: Path, contract: Contract) -> pa.Table | None:
    """Read the key map of a star; None where the dimension is new, or its members cannot be recognized any more."""
    numbers = read_numbers(star, contract)
    return None if numbers is None else converted(numbers, schema_of(contract))


def write_key_map(star: Path, contract: Contract, key_map: pa.Table, members: int | None) -> None:
    """Keep a dimension's key map for the nights to come. members: how many of it the dimension has."""
    told = key_map.replace_schema_metadata(key_map_told(members, greatest_of(key_map)))
    with for_arrow(star / KEYS / f"{contract.name}.parquet", "wb") as target:
        pq.write_table(told, target, compression="zstd")


def key_map_told(members: int | None, greatest: int) -> dict[bytes, str]:
    """Return what the file of a key map tells besides: how many members the dimension has, and the greatest number."""
    return {_MEMBERS: str(members), _GREATEST: str(greatest)}


def read_members(star: Path, contract: Contract) -> pa.Table | None:
    """Read the keys of a dimension's members from its key map, many times as fast as from its CSV.

    None where the key map has members that the dimension lost, or does not tell.
    """
    known = read_key_map(star, contract)
    told = (known.schema.metadata or {}).get(_MEMBERS) if known else None
    return known if known and told == str(known.num_rows).encode() else None


def key_maps(star: Path) -> dict[str, str]:
    """Return the SHA-256 of each key map of a star, by dimension."""
    found = {}
    for path in sorted((star / KEYS).glob("*.parquet")):
        with path.open("rb") as file:
            found[path.stem] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def check_key_maps(star: Path, told: Mapping[str, str]) -> None:
    """Raise DataError where a key map is not what the manifest tells: members would get the keys of others."""
    found = key_maps(star)
    other = [name for name, digest in told.items() if found.get(name, digest) != digest]
    if other:
        raise DataError(
            f"The key map {star / KEYS / other[0]}.parquet was changed since it was written.",
            "Bring the file back, or move that star away: the keys are then taken from the published tables.",
        )


def hashes(frame: pd.DataFrame, key: tuple[str, ...], of: str) -> Hashes:
    """Hash each row's key to 64 bits; equal keys have equal hashes (the reverse is checked where it matters).

    A key with a NULL identifies nothing: its rows get hashes of their own that are never compared, 0. of: the table or
    file that the rows are of, for errors.
    """
    total = np.zeros(len(frame), dtype=np.uint64)
    missing = np.zeros(len(frame), dtype=bool)
    for name in key:
        values = _comparable(frame[name], of)
        encoded = values.dictionary_encode() if pa.types.is_string(values.type) else None
        distinct = encoded.dictionary if encoded is not None else values
        plain = pc.fill_null(distinct, "" if encoded is not None else 0).to_numpy(zero_copy_only=False)
        hashed = pd.util.hash_array(plain, categorize=False)
        if encoded is not None:
            hashed = hashed[pc.fill_null(encoded.indices, 0).to_numpy(zero_copy_only=False)] if len(hashed) else total
        total = total * np.uint64(0x9E3779B97F4A7C15) + hashed
        missing |= pc.is_null(values).to_numpy(zero_copy_only=False)
    total[total == 0] = 1
    total[missing] = 0
    return total


def _comparable(column: pd.Series, of: str) -> pa.Array:
    try:
        return comparable(column)
    except ContractError as error:
        raise ContractError(f"{of}: {error.message}", error.hint) from None


def doubled(every: Hashes) -> Hashes:
    """Return the hashes that occur more than once. They are sorted where they stand: there may be many."""
    every.sort(kind="stable")  # parts of them are in order already
    return np.unique(every[1:][(every[1:] == every[:-1]) & (every[1:] != 0)])


def losers(frame: pd.DataFrame, key: tuple[str, ...], survivor: tuple[str, ...], of: str) -> npt.NDArray[np.int64]:
    """Return the positions of the rows that yield to another one of the same key. of: the rows' table or file.

    survivor: the order in which the first stays ("-column" descending, NULL last). What it leaves open the other
    columns decide, whatever their names, so that the choice never hangs on the order in which a source gives its rows.
    """
    every = hashes(frame, key, of)
    positions = np.flatnonzero(np.isin(every, doubled(every.copy())))
    if not len(positions):
        return positions
    suspects = pa.Table.from_pandas(frame.iloc[positions], preserve_index=False)
    ranked = {*key, *(column.removeprefix("-") for column in survivor)}
    others = [column for column in suspects.column_names if column not in ranked]
    order = [(c.removeprefix("-"), "descending" if c.startswith("-") else "ascending") for c in (*survivor, *others)]
    best_first = pc.sort_indices(suspects, sort_keys=[*order, *((name, "ascending") for name in key)]).to_numpy()
    again = suspects.select(list(key)).take(best_first).to_pandas(types_mapper=pd.ArrowDtype).duplicated()
    return np.sort(positions[best_first[again.to_numpy()]])


def doubled_rows(
    name: str, rows: pd.DataFrame, key: tuple[str, ...], personal: Collection[str], count: int | None = None
) -> ContractError:
    """Word the fault of a key that occurs twice, with a handful of examples.

    personal: columns that are not told; count: of such rows, where `rows` are some of them.
    """
    told = [column for column in key if column not in personal]
    examples = "; ".join(", ".join(f"{k} {safe(str(row[k]), 60)}" for k in told) for _, row in rows.head(3).iterrows())
    hidden = ", ".join(column for column in key if column in personal)
    return ContractError(
        f"{name}: {count or len(rows):,} rows repeat the key of another row"
        + (f", for example {examples}" if told else "")
        + (f" ({hidden}: personal data, not shown)." if hidden else "."),
        "Name the survivor in the contract (survivor=) or the query's header, or add to the key what tells rows apart.",
    )


def _index(table: pa.Table) -> KeyIndex:
    return KeyIndex(table.to_pandas(types_mapper=pd.ArrowDtype))


def _columns(table: pa.Table, names: list[str]) -> list[pd.Series]:
    frame = table.to_pandas(types_mapper=pd.ArrowDtype)
    return [frame[name] for name in names]
