"""The manifest's entry of a table that is what it was, less the rows that are gone, and those that came."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from etl.contract.table import Contract
from etl.core import arrow_csv, parquet_file
from etl.core.counts import Counts, Unknown
from etl.core.folders import for_arrow, link
from etl.core.manifest import ParquetFile, RawManifest, StarChange, StarFile, StarTable
from etl.core.receipt import TableReceipt
from etl.receipts.arrow import add, figure_text, has_range, less, without_limits
from etl.transform.changed.stand import Stand, UnfitError
from etl.transform.changed.stream import Difference, Rows
from etl.transform.files import REJECTS, write_files, write_rejects
from etl.transform.kept import Numbers, read_numbers, write_numbers
from etl.transform.months import Months, added, by_partition, months_of, partitions_of
from etl.transform.raw import Reject


def changed_table(stand: Stand, run: str, raw: RawManifest, name: str, difference: Difference) -> StarTable:
    """Write what a table has besides the published one's rows; returns its entry."""
    folder, contract = stand.new.folder, stand.new.tables[name].contract
    before = stand.star.tables[name]
    _link(stand, before)
    superseded = np.union1d(read_numbers(stand.old.folder, before.superseded), difference.places)
    new, old = difference.new.table.cast(contract.schema), difference.old.table.cast(contract.schema)
    added_files = _added(folder, before, name, difference, contract)
    removed = _removed(folder, name, old, contract)
    files = (*before.files, *added_files)
    gone = write_numbers(folder, name, superseded)
    receipts = [stand.new.level.receipt(table, contract.schema) for table in (old, new)]
    whole = add([less(before.receipt, receipts[0]), receipts[1]], contract.schema)
    touched = [field for field in contract.schema if _may_be_gone(before.receipt, receipts[0], field)]
    receipt = _with_limits(whole, folder, files, superseded, touched)
    months = _partitions(before.by_partition, old, new, stand, contract)
    if contract.partition_by and not stand.new.level.add_up(months.values(), receipt, contract.schema):
        raise UnfitError(f"the receipts of the months of {name} do not add up to its own")
    rejects = _rejects(stand, before, difference)
    write_rejects(stand.new, f"{name}.{len(before.files):05}.csv", rejects)
    return StarTable(
        run=run,
        raw_run=raw.run,
        as_of=raw.as_of,
        files=files,
        receipt=receipt,
        **dict(_counts(before, difference)),
        seconds=0.0,
        months=_months(before.months, difference.old.table, difference.new.table, contract),
        left=_months(before.left, difference.old.checked.outside, difference.new.checked.outside, contract),
        change=StarChange(
            on=before.run,
            removed=removed,
            removed_rows=len(old),
            added=tuple(file.parquet for file in added_files if file.parquet),
            added_rows=len(new),
            partitions=tuple(sorted(partitions_of(old, contract) | partitions_of(new, contract))),
        ),
        superseded=gone,
        gone=len(superseded),
        by_partition=months,
    )


def _link(stand: Stand, table: StarTable) -> None:
    source, folder = stand.old.folder, stand.new.folder
    link([each.name for file in table.files for each in file.both], source, folder)


def _added(
    folder: Path, before: StarTable, name: str, difference: Difference, contract: Contract
) -> tuple[StarFile, ...]:
    """Write the rows that came; a file of none where there are rejects alone, which go by its name."""
    new = difference.new.table.cast(contract.schema)
    if not len(new) and not difference.new.rejects:
        return ()
    return (write_files(folder, f"{name}.{len(before.files):05}.csv", new, contract.schema),)


def _removed(folder: Path, name: str, old: pa.Table, contract: Contract) -> tuple[ParquetFile, ...]:
    if not len(old):
        return ()
    path = folder / f"{name}.removed.parquet"
    with for_arrow(path, "wb") as target:
        parquet_file.write(target, contract.schema, [old])
    return (ParquetFile.of(path),)


def _counts(before: StarTable, difference: Difference) -> Counts:
    """Count what became of the rows: as before, less those that are gone, and those that came."""
    whole = Counts(**{name: getattr(before, name) for name in Counts.model_fields})
    old, new = (_counts_of(rows) for rows in (difference.old, difference.new))
    return _left_of(whole, old) + new


def _counts_of(rows: Rows) -> Counts:
    rejected = Counter(reason for reason, _ in rows.rejects)
    return rows.checked.counts + Counts(handed=rows.handed, rejected=rejected)


def _left_of(whole: Counts, part: Counts) -> Counts:
    """Take away from what was counted. Raises UnfitError where there was less."""
    every = {**dict.fromkeys(part.unknown, Unknown()), **whole.unknown}
    left = Counts(
        handed=whole.handed - part.handed,
        rejected=_fewer(whole.rejected, part.rejected),
        set_aside=_fewer(whole.set_aside, part.set_aside),
        merged=whole.merged - part.merged,
        before_window=whole.before_window - part.before_window,
        unknown={
            name: Unknown(null=each.null - of.null, unmatched=each.unmatched - of.unmatched)
            for name, each in every.items()
            if (of := part.unknown.get(name, Unknown())) != each
        },
    )
    unknown = [count for each in left.unknown.values() for count in (each.null, each.unmatched)]
    if min(left.handed, left.merged, left.before_window, *unknown) < 0:
        raise _fewer_than_gone()
    return left


def _fewer(whole: Mapping[str, int], part: Mapping[str, int]) -> dict[str, int]:
    if any(whole.get(name, 0) < count for name, count in part.items()):
        raise _fewer_than_gone()
    return {name: count - part.get(name, 0) for name, count in whole.items() if count > part.get(name, 0)}


def _fewer_than_gone() -> UnfitError:
    return UnfitError("more rows of a table are gone than the published star says that it had")


def _months(before: Months, old: pa.Table, new: pa.Table, contract: Contract) -> Months:
    negative = {
        month: {measure: str(-Decimal(text)) for measure, text in sums.items()}
        for month, sums in months_of(old, contract).items()
    }
    every = added([before, negative, months_of(new, contract)])
    return {month: sums for month, sums in every.items() if any(text != "0" for text in sums.values())}


def _partitions(
    before: Mapping[str, TableReceipt], old: pa.Table, new: pa.Table, stand: Stand, contract: Contract
) -> dict[str, TableReceipt]:
    gone, came = (by_partition(table, contract, stand.new.level) for table in (old, new))
    found = dict(before)
    for month, receipt in gone.items():
        if month not in found or found[month].rows < receipt.rows:
            raise _fewer_than_gone()
        found[month] = less(found[month], receipt)
    for month, receipt in came.items():
        found[month] = without_limits(add([found[month], receipt], contract.schema)) if month in found else receipt
    return {month: receipt for month, receipt in sorted(found.items()) if receipt.rows}


def _with_limits(
    receipt: TableReceipt,
    folder: Path,
    files: tuple[StarFile, ...],
    superseded: Numbers,
    fields: Iterable[pa.Field],
) -> TableReceipt:
    """Let a receipt tell the least and greatest values of the standing rows, of some columns."""
    columns = dict(receipt.columns)
    for field in fields:
        told = columns[field.name]
        limits = _limits(folder, files, superseded, field, (told.min, told.max))
        columns[field.name] = told.model_copy(update={"min": limits[0], "max": limits[1]})
    return receipt.model_copy(update={"columns": columns})


def _may_be_gone(before: TableReceipt, gone: TableReceipt, field: pa.Field) -> bool:
    """Whether rows that are gone had the least or the greatest value of a column."""
    if not gone.rows or field.name not in before.columns or not has_range(field):
        return False
    mine, theirs = before.columns[field.name], gone.columns[field.name]
    return mine.min is not None and (mine.min == theirs.min or mine.max == theirs.max)


def _limits(
    folder: Path, files: tuple[StarFile, ...], superseded: Numbers, field: pa.Field, told: tuple[str | None, str | None]
) -> tuple[str | None, str | None]:
    """Return the least and greatest value of a column; as soon as both that are told were found, nothing is read on."""
    least: list[Any] = []
    greatest: list[Any] = []
    for values in _standing(folder, files, superseded, field.name):
        limits = pc.min_max(values).as_py()
        if limits["min"] is not None:
            least.append(limits["min"])
            greatest.append(limits["max"])
        if least and (figure_text(min(least)), figure_text(max(greatest))) == told:
            return told
    return (figure_text(min(least)), figure_text(max(greatest))) if least else (None, None)


def _standing(folder: Path, files: tuple[StarFile, ...], superseded: Numbers, column: str) -> Iterator[pa.ChunkedArray]:
    """Read a column of the rows that stand, first of the newest and the oldest file: there are its limits, likely."""
    firsts = np.cumsum([0, *(file.rows for file in files)])
    every = list(reversed(range(len(files))))
    for number in dict.fromkeys([*every[:1], *every[-1:], *every]):
        parquet = files[number].parquet
        values = parquet_file.read(folder / (parquet.name if parquet else ""), [column]).column(0)
        begin, end = np.searchsorted(superseded, [firsts[number], firsts[number + 1]])
        wanted = np.ones(len(values), dtype=bool)
        wanted[superseded[begin:end] - firsts[number]] = False
        yield values.filter(pa.array(wanted))


def _rejects(stand: Stand, before: StarTable, difference: Difference) -> list[Reject]:
    """Hand the rejects on that are not gone; returns those that came."""
    gone = Counter(difference.old.rejects)
    if not gone:
        link(
            [f"{REJECTS}/{each.name}" for each in before.files if (stand.old.folder / REJECTS / each.name).is_file()],
            stand.old.folder,
            stand.new.folder,
        )
        return difference.new.rejects
    for each in before.files:
        file = f"{REJECTS}/{each.name}"
        path = stand.old.folder / file
        if not path.is_file():
            continue
        rows = arrow_csv.read_file(path, pa.schema([("reason", pa.string()), ("row", pa.string())]))
        every = list(zip(rows.column(0).to_pylist(), rows.column(1).to_pylist(), strict=True))
        standing = _without(every, gone)
        if len(standing) == len(every):
            link([file], stand.old.folder, stand.new.folder)
        else:
            write_rejects(stand.new, file.removeprefix(f"{REJECTS}/"), standing)
    return difference.new.rejects


def _without(every: list[Reject], gone: Counter[Reject]) -> list[Reject]:
    standing = []
    for reject in every:
        if gone[reject]:
            gone[reject] -= 1
        else:
            standing.append(reject)
    return standing
