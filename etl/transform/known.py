"""The key maps that a star begins with: the last star's, in the contracts' types, and up to what is published.

A data folder may have been lost, or restored from an older copy; a star may have been moved away. The published
dimensions show the numbers that everybody has seen: what a key map lacks or contradicts is taken from them.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from config import Settings
from etl.contract.column import UNKNOWN
from etl.contract.history import IS_CURRENT, columns_of_history
from etl.contract.table import Contract
from etl.core import parquet_file
from etl.core.errors import EtlError, GuardError
from etl.core.head import Head
from etl.core.job import Job
from etl.core.log import log
from etl.core.manifest import StarManifest
from etl.core.origin import DATA_FOLDER, foreign, owner_of
from etl.core.pseudonyms import fingerprint_of
from etl.core.pseudonyms import pseudonyms as of_texts
from etl.core.surrogates import Published, converted, reconciled, renamed, schema_of, with_change_key
from etl.guards.guard import Refusal
from etl.guards.keys import NaturalKey, OtherKey, keys, pseudonyms
from etl.guards.refusal import settle
from etl.transform.keys import begun_after, columns_of_numbers, greatest_of, read_numbers, write_key_map

Ask = Callable[[Settings], Published]


@dataclass(frozen=True)
class Known:
    """What a star begins with. renewed: the key maps that are other ones than the last star's.

    published: what the warehouse says, whose published numbers they continue; None where it was not asked, or does not
    answer; accepted: the changes of natural keys that a person let pass.
    """

    renewed: list[tuple[Contract, pa.Table]]
    published: Published | None
    accepted: dict[str, str]

    @property
    def head(self) -> Head | None:
        """The head of the warehouse."""
        return self.published.head if self.published else None

    @property
    def agrees_with(self) -> str | None:
        """Name the run whose published numbers are continued."""
        return self.head.run if self.head else None

    def write(self, star: Path) -> None:
        """Write the renewed key maps into the folder of the new star, for its tables to begin with."""
        for contract, key_map in self.renewed:
            write_key_map(star, contract, key_map, None)


def known_keys(
    job: Job,
    script: str,
    contracts: Sequence[Contract],
    last: StarManifest | None,
    ask: Ask | None,
    pseudonym_key: bytes | None = None,
) -> Known:
    """Find the key maps. Raises GuardError where members cannot be recognized by their natural key any more."""
    published = _asked(job, last, ask) if ask else None
    folder = job.store.star.path(last.run) if last else None
    refusals: list[Refusal] = list(_of_another_key(last, pseudonym_key))
    renewed: list[tuple[Contract, pa.Table]] = []
    for contract in (each for each in contracts if each.is_dimension):
        schema = schema_of(contract)
        otherwise = _is_hashed_otherwise(contract, last)
        if last and folder and not otherwise and _is_as_it_was(contract, folder, last, published):
            continue  # it may be long
        kept = read_numbers(folder, contract) if folder else None
        same = None if kept is None else _with_or_without_history(renamed(kept, contract), contract, last, folder)
        old = None if same is None else _hashed(same, contract, pseudonym_key)
        known = schema.empty_table() if old is None else converted(old, schema)
        lost = _were_pseudonyms(contract, last)
        if known is None or (old is not None and lost):
            refusals += keys.refusals(_changed(contract, old, " as pseudonyms" if lost else ""))
            known = begun_after(schema, greatest_of(old))
        elif _has_other_columns(old, kept):
            log.info(
                "transform %s: it has %s now; what is current of its members keeps its keys",
                contract.name,
                "history" if contract.has_history else "no history any more",
            )
        elif old is not None and known is not old:
            log.info("transform %s: its natural key has another type now; its members keep their keys", contract.name)
        elif old is not kept:
            log.info("transform %s: its key is written otherwise now; its members keep their keys", contract.name)
        if published:
            known = _brought_up(job, contract, known, last, published, pseudonym_key)
        if known is not kept and (known.num_rows or greatest_of(known)):
            renewed.append((contract, known))
    return Known(renewed, published, settle(job, script, refusals))


def pseudonymised(key: bytes | None, contracts: Sequence[Contract]) -> dict[str, Any]:
    """Return what a star's manifest tells of its pseudonyms."""
    if key is None:
        return {}
    hashed = [f"{each.name}.{column.name}" for each in contracts for column in each.columns if column.is_hashed]
    return {"pseudonym_key": fingerprint_of(key) if hashed else None, "hashed": tuple(hashed)}


def _of_another_key(last: StarManifest | None, key: bytes | None) -> Iterator[Refusal]:
    """Compare the key of pseudonyms with that of the last star."""
    if last and last.pseudonym_key and key is not None and fingerprint_of(key) != last.pseudonym_key:
        yield from pseudonyms.refusals(OtherKey(last.pseudonym_key, fingerprint_of(key), last.hashed))


def _hashed_key(contract: Contract) -> set[str]:
    return {column.name for column in contract.columns if column.is_hashed} & {*contract.natural_key}


def _hashed_before(contract: Contract, last: StarManifest | None) -> set[str]:
    """Name the columns of a natural key in which the last star's key map has pseudonyms."""
    names = {c.name: {c.name, c.renamed_from} for c in contract.columns if c.name in contract.natural_key}
    told = set(last.hashed) if last else set()
    return {name for name, both in names.items() if told & {f"{contract.name}.{one}" for one in both}}


def _is_hashed_otherwise(contract: Contract, last: StarManifest | None) -> bool:
    return _hashed_before(contract, last) != _hashed_key(contract)


def _were_pseudonyms(contract: Contract, last: StarManifest | None) -> bool:
    """Whether members were known by pseudonyms from which nobody can tell their natural key."""
    return not _hashed_before(contract, last) <= _hashed_key(contract)


def _hashed(numbers: pa.Table, contract: Contract, key: bytes | None) -> pa.Table:
    """Put pseudonyms into the columns of numbers in which they stand by contract; those that are one stay."""
    if key is None:
        return numbers
    for name in sorted(_hashed_key(contract) & set(numbers.column_names)):
        texts = numbers.column(name).combine_chunks().cast(pa.string())
        made = of_texts(texts, key)
        if not made.equals(texts):
            numbers = numbers.set_column(numbers.column_names.index(name), name, made)
    return numbers


def _with_or_without_history(
    numbers: pa.Table, contract: Contract, last: StarManifest | None, folder: Path | None
) -> pa.Table:
    """Return numbers of members as those of versions, or the other way round, where history was turned on or off.

    Versions that are told apart by something else now are members first.
    """
    *natural, key = numbers.column_names
    files = last.tables[contract.name].files if last and contract.name in last.tables else ()
    is_same = natural[-1:] == [contract.change_key]
    if is_same or natural[:-1] != list(contract.natural_key) or not folder:
        return with_change_key(numbers, contract)
    parts = []
    for path in (folder / file.parquet.name for file in files if file.parquet):
        table = parquet_file.read(path)
        if not columns_of_history(key) <= {*table.column_names}:
            return numbers  # it has lost a column of its natural key
        parts.append(table.filter(pc.and_(table.column(IS_CURRENT), pc.not_equal(table.column(key), UNKNOWN))))
    if not parts:
        return numbers
    current = pa.concat_tables([part.select([*contract.natural_key, key]) for part in parts])
    return begun_after(with_change_key(current, contract), greatest_of(numbers))


def _has_other_columns(old: pa.Table | None, kept: pa.Table | None) -> bool:
    return old is not None and kept is not None and old.num_columns != kept.num_columns


def _is_as_it_was(contract: Contract, folder: Path, last: StarManifest, published: Published | None) -> bool:
    """Whether the last star's key map can be gone on with, as told without reading it."""
    kept = columns_of_numbers(folder, contract)
    return kept is not None and kept.equals(schema_of(contract)) and _is_last(contract.name, last, published)


def _is_last(name: str, last: StarManifest, published: Published | None) -> bool:
    """Whether what is published of a dimension, if it is, are the rows of the last star."""
    if published is None or name not in published.star_runs:
        return True
    receipt = published.receipts.get(name)
    same = name in last.tables and last.tables[name].run == published.star_runs[name]
    return bool(same and receipt is not None and not last.tables[name].receipt.differences(receipt))


def _asked(job: Job, last: StarManifest | None, ask: Ask) -> Published | None:
    """Ask the warehouse; without it, or where it holds others' tables, the last star's key maps have to do."""
    try:
        published = ask(job.settings)
    except EtlError as error:
        whose = f"those of star {last.run}" if last else "new"
        log.warning(
            "transform: the warehouse does not say what is published, so the key maps are %s, and LoadFilesBQ.py will"
            " compare them. %s",
            *(whose, error.message),
        )
        return None
    ours, theirs = owner_of(job.settings, job.store.identity(make=False)), dict(published.head.origin)
    if theirs.pop(DATA_FOLDER, None) != ours[DATA_FOLDER] and foreign(theirs, ours):
        log.warning("transform: the published tables are of other sources, so their surrogate keys are not continued.")
        return None
    return published


def _brought_up(
    job: Job,
    contract: Contract,
    known: pa.Table,
    last: StarManifest | None,
    published: Published,
    pseudonym_key: bytes | None,
) -> pa.Table:
    """Return a key map that agrees with what is published of a dimension."""
    name = contract.name
    if name not in published.star_runs or _continues(job, contract, known, last, published, pseudonym_key):
        return known
    theirs = published_keys(contract, published, pseudonym_key)
    if theirs is None:
        return known
    whole, lacked, wrong = reconciled(known, theirs)
    greatest = max(greatest_of(known), greatest_of(theirs))
    if wrong and job.only:
        raise GuardError(
            f"{wrong:,} members of {name} have other surrogate keys in the last star than are published.",
            "Leave --only out once: all tables are then built with the published keys.",
        )
    if not (lacked or wrong) and greatest == greatest_of(known):
        return known
    log.warning(
        "transform %s: the key map is behind what run %s published: %s members were not in it, %s had another key."
        " The published keys are continued.",
        *(name, published.head.run, f"{lacked:,}", f"{wrong:,}"),
    )
    return begun_after(whole, greatest)


def published_keys(contract: Contract, published: Published, pseudonym_key: bytes | None) -> pa.Table | None:
    """Read the key map of a published dimension: its members, and the greatest number that was ever given.

    None where no such table is published, or its members cannot be recognized by the contract's natural key.
    """
    numbers = published.numbers(contract)
    theirs = converted(with_change_key(numbers, contract), schema_of(contract)) if numbers is not None else None
    if theirs is None:
        return None
    theirs = _hashed(theirs, contract, pseudonym_key)
    return begun_after(theirs, max(greatest_of(theirs), published.greatest(contract)))


def _continues(
    job: Job,
    contract: Contract,
    known: pa.Table,
    last: StarManifest | None,
    published: Published,
    pseudonym_key: bytes | None,
) -> bool:
    """Whether the published rows were built from key maps that this one continues: then none of them need be read."""
    name, receipt = contract.name, published.receipts.get(contract.name)
    star_run = published.star_runs[name]
    if last is None or receipt is None:
        return False
    if name in last.tables and last.tables[name].run == star_run:
        return _is_last(name, last, published)
    if star_run not in job.store.star.committed():
        return False
    try:
        theirs = job.store.star.read(star_run).tables[name]
        numbers = read_numbers(job.store.star.path(star_run), contract)
    except (EtlError, LookupError):
        return False
    hashed = None if numbers is None else _hashed(numbers, contract, pseudonym_key)
    built = None if hashed is None else converted(hashed, schema_of(contract))
    return built is not None and not theirs.receipt.differences(receipt) and reconciled(known, built)[1:] == (0, 0)


def _changed(contract: Contract, old: pa.Table, how: str) -> NaturalKey:
    was = ", ".join(f"{field.name} {field.type}" for field in list(old.schema)[:-1])
    now = ", ".join(f"{field.name} {field.type}" for field in list(schema_of(contract))[:-1])
    return NaturalKey(contract.name, f"{was}{how}", now, old.num_rows)
