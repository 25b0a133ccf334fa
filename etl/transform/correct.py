"""Correcting known faults of the source in the rows that were read, before anything is made of them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from config.redacted import STARS
from etl.company.corrections import Correction
from etl.company.tables import TableFile
from etl.contract.history import VALID_FROM
from etl.core.arrow_types import arrow_type
from etl.core.errors import ContractError, EtlError, joined
from etl.core.manifest import RawTable
from etl.core.names import guess


def check_corrections(
    corrections: Iterable[Correction], tables: Mapping[str, TableFile], raw: Mapping[str, RawTable]
) -> None:
    """Raise ContractError, all faults at once, where a correction fits neither its table nor its query."""
    faults: list[EtlError] = []
    for correction in corrections:
        try:
            _check(correction, tables, raw)
        except ContractError as fault:
            faults.append(fault)
    if faults:
        raise joined(faults)


def _check(correction: Correction, tables: Mapping[str, TableFile], raw: Mapping[str, RawTable]) -> None:
    name, query = correction.name, correction.query
    if correction.table not in tables:
        raise ContractError(f"{name}: there is no such table.", guess(correction.table, tables))
    contract = tables[correction.table].contract
    if query == contract.name and contract.is_seen:
        _check_of_log(correction)
        columns, personal = {field.name: field.type for field in contract.schema}, contract.personal
    else:
        if query not in raw:
            raise ContractError(f"{name}: there is no query {query}.", guess(query, raw))
        if query not in tables[correction.table].inputs:
            raise ContractError(f"{name}: {correction.table} does not read {query}.", "Move it to a table that does.")
        columns, personal = {each.name: arrow_type(each.type) for each in raw[query].columns}, raw[query].personal
    for column, text in (*correction.where, *correction.set):
        if column not in columns:
            raise ContractError(f"{name}: {query} has no column {column}.", guess(column, columns))
        try:
            _typed(text, columns[column])
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            shown = STARS if column in personal else repr(text)
            raise ContractError(
                f"{name}: {column} is {columns[column]}, and {shown} is not.",
                "Times need a zone, e.g. …T10:00:00Z."
                if pa.types.is_timestamp(columns[column])
                else "Write the value as the source does.",
            ) from None


def _check_of_log(correction: Correction) -> None:
    """Refuse to correct anything of versions that nights saw but since when they hold."""
    if [column for column, text in correction.set if text is not None] != [VALID_FROM]:
        raise ContractError(
            f"{correction.name} corrects versions that nights saw, of which {VALID_FROM} alone can be another.",
            f"Write set = {{ {VALID_FROM} = 2027-01-31 }}; correct all else in the rows of the queries.",
        )


def corrected(
    table: pa.Table, corrections: Sequence[Correction], *, is_kept: bool = False
) -> tuple[pa.Table, Counter[str]]:
    """Correct the rows of a block, typed ones or texts; returns them and how many rows each correction changed.

    is_kept: whether the rows stay as they were corrected: one that holds already what it is to hold counts, too.
    """
    counts: Counter[str] = Counter()
    for correction in corrections:
        found, others = _matching(table, correction), _differing(table, correction)
        mask = pc.and_(found, others)
        counts[correction.name] = pc.sum(found if is_kept else mask).as_py() or 0
        if counts[correction.name]:
            for column, text in correction.set:
                place = table.schema.get_field_index(column)
                field = table.schema.field(place)
                values = pc.if_else(mask, _typed(text, field.type), table.column(place))
                table = table.set_column(place, field, values)
    return table, counts


def _matching(table: pa.Table, correction: Correction) -> pa.ChunkedArray:
    mask = pa.chunked_array([pa.array([True] * table.num_rows, pa.bool_())])
    for column, text in correction.where:
        equal = pc.equal(table.column(column), _typed(text, table.schema.field(column).type))
        mask = pc.and_(mask, pc.fill_null(equal, False))
    return mask


def _differing(table: pa.Table, correction: Correction) -> pa.ChunkedArray:
    """Find the rows that do not hold yet what they are to hold."""
    mask = pa.chunked_array([pa.array([False] * table.num_rows, pa.bool_())])
    for column, text in correction.set:
        values = table.column(column)
        value = _typed(text, values.type)
        same = pc.fill_null(pc.equal(values, value), False) if text is not None else pc.is_null(values)
        mask = pc.or_(mask, pc.invert(same))
    return mask


def check_changes(corrections: Iterable[Correction], counts: Mapping[str, int], read: set[str]) -> dict[str, int]:
    """Raise ContractError where a correction of a query that was read changed another number of rows than it is to.

    Gives the rows of each that changed some.
    """
    for correction in corrections:
        count = counts.get(correction.name, 0)
        if correction.query not in read or count == correction.rows or (count and correction.rows is None):
            continue
        if not count:
            raise ContractError(
                f"{correction.name} changes no row.",
                "If the source has been fixed, remove the correction; otherwise correct its `where`.",
            )
        raise ContractError(
            f"{correction.name} changes {count:,} rows, where {correction.rows} was meant.",
            'Name the row by its whole key in `where`; or say `rows = 3`, or `rows = "any"`.',
        )
    return {name: count for name, count in sorted(counts.items()) if count}


def _typed(text: str | None, kind: pa.DataType) -> pa.Scalar:
    if text is None:
        return pa.scalar(None, kind)
    if pa.types.is_boolean(kind):
        return pa.scalar({"t": "true", "f": "false"}.get(text, text)).cast(kind)
    return pa.scalar(text).cast(kind)
